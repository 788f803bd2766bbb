/* Texture references: variables that the host binds to memory or arrays, and device code reads.
 *
 * Binding makes a texture object of the reference's fields and stores it in the device's variable
 * (hip/texref.py). */
#pragma once

#include "anyroc/hip_structs.h"
#include "anyroc/textures.h"

template <typename T, int shape = hipTextureType1D,
          enum hipTextureReadMode mode = hipReadModeElementType>
struct __attribute__((device_builtin_texture_type)) texture : public textureReference {
    texture(int normalised_places = 0, hipTextureFilterMode filter = hipFilterModePoint,
            hipTextureAddressMode address = hipAddressModeClamp)
        : texture(normalised_places, filter, address, hipCreateChannelDesc<T>())
    {
    }
    texture(int normalised_places, hipTextureFilterMode filter, hipTextureAddressMode address,
            hipChannelFormatDesc form)
    {
        normalized = normalised_places;
        readMode = mode;
        filterMode = filter;
        for (hipTextureAddressMode &axis : addressMode)
            axis = address;
        channelDesc = form;
        sRGB = 0;
        maxAnisotropy = 0;
        mipmapFilterMode = hipFilterModePoint;
        mipmapLevelBias = minMipmapLevelClamp = maxMipmapLevelClamp = 0;
        textureObject = nullptr;
        numChannels = 0;
        format = HIP_AD_FORMAT_UNSIGNED_INT8;
    }
};

namespace anyroc {
namespace image {

template <int count> struct floats { typedef float4 type; };
template <> struct floats<1> { typedef float type; };
template <> struct floats<2> { typedef float2 type; };

template <typename T, hipTextureReadMode mode> struct read_as { typedef T type; };
template <typename T>
struct read_as<T, hipReadModeNormalizedFloat> {
    typedef typename floats<vector<T>::count>::type type;
};
template <typename T, hipTextureReadMode mode>
using read_type = typename read_as<T, mode>::type;

}  // namespace image
}  // namespace anyroc

#define ANYROC_REFERENCE(name, shape, parameters, arguments)                               \
    template <typename T, hipTextureReadMode mode>                                         \
    static inline __device__ anyroc::image::read_type<T, mode> name(                       \
        const texture<T, shape, mode> &reference, ANYROC_UNPACK parameters)                \
    {                                                                                      \
        return name<anyroc::image::read_type<T, mode>>(                                    \
            static_cast<const void *>(reference.textureObject), ANYROC_UNPACK arguments);  \
    }
#define ANYROC_UNPACK(...) __VA_ARGS__
ANYROC_REFERENCE(tex1Dfetch, hipTextureType1D, (int x), (x))
ANYROC_REFERENCE(tex1D, hipTextureType1D, (float x), (x))
ANYROC_REFERENCE(tex1DLod, hipTextureType1D, (float x, float detail), (x, detail))
ANYROC_REFERENCE(tex1DLayered, hipTextureType1DLayered, (float x, int layer), (x, layer))
ANYROC_REFERENCE(tex2D, hipTextureType2D, (float x, float y), (x, y))
ANYROC_REFERENCE(tex2DLod, hipTextureType2D, (float x, float y, float detail), (x, y, detail))
ANYROC_REFERENCE(tex2DLayered, hipTextureType2DLayered, (float x, float y, int layer),
                 (x, y, layer))
ANYROC_REFERENCE(tex3D, hipTextureType3D, (float x, float y, float z), (x, y, z))
ANYROC_REFERENCE(tex3DLod, hipTextureType3D, (float x, float y, float z, float detail),
                 (x, y, z, detail))
ANYROC_REFERENCE(texCubemap, hipTextureTypeCubemap, (float x, float y, float z), (x, y, z))
ANYROC_REFERENCE(texCubemapLayered, hipTextureTypeCubemapLayered,
                 (float x, float y, float z, int layer), (x, y, z, layer))
#undef ANYROC_UNPACK
#undef ANYROC_REFERENCE

template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTexture(size_t *offset, const texture<T, shape, mode> &reference,
                                        const void *place, const hipChannelFormatDesc &form,
                                        size_t size = UINT_MAX)
{
    return hipBindTexture(offset, &reference, place, &form, size);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTexture(size_t *offset, const texture<T, shape, mode> &reference,
                                        const void *place, size_t size = UINT_MAX)
{
    return hipBindTexture(offset, &reference, place, &reference.channelDesc, size);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTexture2D(size_t *offset, const texture<T, shape, mode> &reference,
                                          const void *place, const hipChannelFormatDesc &form,
                                          size_t width, size_t height, size_t pitch)
{
    return hipBindTexture2D(offset, &reference, place, &form, width, height, pitch);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTexture2D(size_t *offset, const texture<T, shape, mode> &reference,
                                          const void *place, size_t width, size_t height,
                                          size_t pitch)
{
    return hipBindTexture2D(offset, &reference, place, &reference.channelDesc, width, height,
                            pitch);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTextureToArray(const texture<T, shape, mode> &reference,
                                               hipArray_const_t array,
                                               const hipChannelFormatDesc &form)
{
    return hipBindTextureToArray(&reference, array, &form);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTextureToArray(const texture<T, shape, mode> &reference,
                                               hipArray_const_t array)
{
    hipChannelFormatDesc form;
    hipError_t error = hipGetChannelDesc(&form, array);
    return error ? error : hipBindTextureToArray(&reference, array, &form);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipBindTextureToMipmappedArray(const texture<T, shape, mode> &reference,
                                                        hipMipmappedArray_const_t mipmap,
                                                        const hipChannelFormatDesc &form)
{
    return hipBindTextureToMipmappedArray(&reference, mipmap, &form);
}
template <typename T, int shape, hipTextureReadMode mode>
static inline hipError_t hipUnbindTexture(const texture<T, shape, mode> &reference)
{
    return hipUnbindTexture(&reference);
}
