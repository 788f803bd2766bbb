/* Reading textures and surfaces, in plain loads: no target needs image instructions for it.
 *
 * A texture object is the address of a `view` that the runtime has filled (hip/texture.py has the
 * same layout). Objects that another runtime has made are known by their missing mark, and trap. */
#pragma once

#include "anyroc/attributes.h"
#include "anyroc/vector_types.h"

namespace anyroc {
namespace image {

constexpr unsigned long long MARK = 0x6572757478657461ull;
constexpr int LEVELS = 16;

enum address_mode { WRAP, CLAMP, MIRROR, BORDER };
enum channel_kind { SIGNED, UNSIGNED, FLOAT };

struct level {
    unsigned long long base, pitch, slice; /* an address; bytes of a row and of a slice */
    int width, height, depth, unused;      /* texels; depth counts layers as well */
};

struct view {
    unsigned long long mark;
    int levels, channels, bits, kind;
    int normalised_values, normalised_places, linear, linear_levels;
    int address[3], srgb;
    float border[4];
    float bias, lowest, highest, unused;
    level level_of[LEVELS];
};

template <typename T>
struct vector {
    typedef T scalar;
    static constexpr int count = 1;
};
#define ANYROC_IMAGE_VECTOR(name, T, ...)                                          \
    template <> struct vector<name##1> { typedef T scalar; static constexpr int count = 1; }; \
    template <> struct vector<name##2> { typedef T scalar; static constexpr int count = 2; }; \
    template <> struct vector<name##3> { typedef T scalar; static constexpr int count = 3; }; \
    template <> struct vector<name##4> { typedef T scalar; static constexpr int count = 4; };
ANYROC_FOR_EACH_VECTOR(ANYROC_IMAGE_VECTOR)
#undef ANYROC_IMAGE_VECTOR

template <typename T> struct is_float { static constexpr bool value = false; };
template <> struct is_float<float> { static constexpr bool value = true; };

/* One texel's channels, as bits and as numbers. */
struct texel {
    unsigned bits[4];
    float number[4];
};

static inline __device__ const view *view_of(const void *object)
{
    const view *v = static_cast<const view *>(object);
    if (v->mark != MARK)
        __builtin_trap();
    return v;
}

static inline __device__ float linear_light(float c)
{
    return c <= 0.04045f ? c / 12.92f : __builtin_powf((c + 0.055f) / 1.055f, 2.4f);
}

static inline __device__ float number_of(const view *v, unsigned bits, int channel)
{
    if (v->kind == FLOAT)
        return v->bits == 32 ? __builtin_bit_cast(float, bits)
                             : static_cast<float>(__builtin_bit_cast(
                                   _Float16, static_cast<unsigned short>(bits)));
    if (!v->normalised_values)
        return __builtin_bit_cast(float, bits);
    if (v->kind == UNSIGNED) {
        float c = static_cast<float>(bits) / (v->bits == 8 ? 255.0f : 65535.0f);
        return v->srgb && channel < 3 ? linear_light(c) : c;
    }
    float c = static_cast<float>(static_cast<int>(bits)) / (v->bits == 8 ? 127.0f : 32767.0f);
    return c < -1.0f ? -1.0f : c;
}

static inline __device__ texel load(const view *v, const level &l, int x, int y, int z)
{
    texel t;
    unsigned long long place = l.base + z * l.slice + y * l.pitch;
    place += static_cast<unsigned long long>(x) * v->channels * (v->bits / 8);
    for (int c = 0; c < 4; c++) {
        unsigned bits = 0;
        if (c < v->channels && v->bits == 8)
            bits = reinterpret_cast<const unsigned char *>(place)[c];
        else if (c < v->channels && v->bits == 16)
            bits = reinterpret_cast<const unsigned short *>(place)[c];
        else if (c < v->channels)
            bits = reinterpret_cast<const unsigned *>(place)[c];
        int unused = 32 - v->bits;
        if (v->kind == SIGNED)
            bits = static_cast<unsigned>(static_cast<int>(bits << unused) >> unused);
        t.bits[c] = bits;
        t.number[c] = number_of(v, bits, c);
    }
    /* Of a channel that the texture lacks the last is one, the others are zero. */
    if (v->channels < 4) {
        bool numbers = v->kind == FLOAT || v->normalised_values;
        t.bits[3] = numbers ? __builtin_bit_cast(unsigned, 1.0f) : 1u;
        t.number[3] = numbers ? 1.0f : __builtin_bit_cast(float, 1u);
    }
    return t;
}

static inline __device__ texel border_of(const view *v)
{
    texel t;
    for (int c = 0; c < 4; c++) {
        bool numbers = v->kind == FLOAT || v->normalised_values;
        t.number[c] = v->border[c];
        t.bits[c] = numbers ? __builtin_bit_cast(unsigned, v->border[c])
                            : static_cast<unsigned>(static_cast<int>(v->border[c]));
        if (!numbers)
            t.number[c] = __builtin_bit_cast(float, t.bits[c]);
    }
    return t;
}

/* The texel that a place beyond the edge stands for; -1 is the border. */
static inline __device__ int within(const view *v, int axis, int i, int size)
{
    if (static_cast<unsigned>(i) < static_cast<unsigned>(size))
        return i;
    int mode = v->address[axis];
    if (mode == BORDER)
        return -1;
    if (mode == WRAP && v->normalised_places) {
        int rest = i % size;
        return rest < 0 ? rest + size : rest;
    }
    if (mode == MIRROR && v->normalised_places) {
        int rest = i % (2 * size);
        rest = rest < 0 ? rest + 2 * size : rest;
        return rest < size ? rest : 2 * size - 1 - rest;
    }
    return i < 0 ? 0 : size - 1;
}

static inline __device__ texel at(const view *v, const level &l, int axes, int x, int y, int z)
{
    x = within(v, 0, x, l.width);
    y = axes > 1 ? within(v, 1, y, l.height) : 0;
    z = axes > 2 ? within(v, 2, z, l.depth) : z;
    return (x | y | z) < 0 ? border_of(v) : load(v, l, x, y, z);
}

/* The whole part of a place, and how far it is to the next in steps of 1/256. */
static inline __device__ int split(float place, float *part)
{
    float whole = __builtin_floorf(place);
    *part = __builtin_floorf((place - whole) * 256.0f + 0.5f) * (1.0f / 256.0f);
    float bound = 1073741824.0f;
    whole = whole < -bound ? -bound : whole > bound ? bound : whole;
    return static_cast<int>(whole);
}

static inline __device__ texel sample_level(const view *v, const level &l, int axes, float x,
                                            float y, float z, int layer)
{
    if (v->normalised_places) {
        x *= l.width;
        y *= l.height;
        z *= l.depth;
    }
    float part[3];
    bool numbers = v->kind == FLOAT || v->normalised_values;
    if (!v->linear || !numbers)
        return at(v, l, axes, split(x, part), axes > 1 ? split(y, part) : 0,
                  axes > 2 ? split(z, part) : layer);
    int x0 = split(x - 0.5f, part), y0 = 0, z0 = layer;
    if (axes > 1)
        y0 = split(y - 0.5f, part + 1);
    if (axes > 2)
        z0 = split(z - 0.5f, part + 2);
    texel sum = {};
    for (int corner = 0; corner < 1 << axes; corner++) {
        int dx = corner & 1, dy = corner >> 1 & 1, dz = corner >> 2;
        float weight = dx ? part[0] : 1.0f - part[0];
        if (axes > 1)
            weight *= dy ? part[1] : 1.0f - part[1];
        if (axes > 2)
            weight *= dz ? part[2] : 1.0f - part[2];
        texel t = at(v, l, axes, x0 + dx, y0 + dy, z0 + dz);
        for (int c = 0; c < 4; c++)
            sum.number[c] += weight * t.number[c];
    }
    for (int c = 0; c < 4; c++)
        sum.bits[c] = __builtin_bit_cast(unsigned, sum.number[c]);
    return sum;
}

static inline __device__ texel sample(const void *object, int axes, float x, float y, float z,
                                      int layer, float detail)
{
    const view *v = view_of(object);
    int last = v->level_of[0].depth - 1;
    layer = layer < 0 ? 0 : layer > last ? last : layer;
    if (v->levels == 1)
        return sample_level(v, v->level_of[0], axes, x, y, z, layer);
    detail += v->bias;
    detail = detail < v->lowest ? v->lowest : detail > v->highest ? v->highest : detail;
    float top = v->levels - 1;
    detail = detail < 0.0f ? 0.0f : detail > top ? top : detail;
    if (!v->linear_levels)
        return sample_level(v, v->level_of[static_cast<int>(detail + 0.5f)], axes, x, y, z, layer);
    int first = static_cast<int>(detail);
    float part = detail - first;
    texel near = sample_level(v, v->level_of[first], axes, x, y, z, layer);
    if (part == 0.0f)
        return near;
    texel far = sample_level(v, v->level_of[first + 1], axes, x, y, z, layer);
    for (int c = 0; c < 4; c++) {
        near.number[c] += part * (far.number[c] - near.number[c]);
        near.bits[c] = __builtin_bit_cast(unsigned, near.number[c]);
    }
    return near;
}

/* The level whose texels are as far apart as the places of neighbouring threads. */
static inline __device__ float level_for(const void *object, int axes, const float *dx,
                                         const float *dy)
{
    const view *v = view_of(object);
    const level &l = v->level_of[0];
    float size[3] = {float(l.width), float(l.height), float(l.depth)}, a = 0.0f, b = 0.0f;
    for (int axis = 0; axis < axes; axis++) {
        float scale = v->normalised_places ? size[axis] : 1.0f;
        a += dx[axis] * scale * (dx[axis] * scale);
        b += dy[axis] * scale * (dy[axis] * scale);
    }
    float most = a > b ? a : b;
    return most > 0.0f ? 0.5f * __builtin_log2f(most) : 0.0f;
}

template <typename T>
static inline __device__ T value_of(const texel &t)
{
    typedef typename vector<T>::scalar S;
    T result;
    S *channels = reinterpret_cast<S *>(&result);
    for (int c = 0; c < vector<T>::count; c++) {
        if constexpr (is_float<S>::value)
            channels[c] = t.number[c];
        else
            channels[c] = static_cast<S>(t.bits[c]);
    }
    return result;
}

/* The face of a cube that a direction meets, and where. */
static inline __device__ int face_of(float x, float y, float z, float *s, float *t)
{
    float ax = __builtin_fabsf(x), ay = __builtin_fabsf(y), az = __builtin_fabsf(z), major;
    int face;
    if (ax >= ay && ax >= az) {
        face = x < 0.0f;
        major = ax, *s = x < 0.0f ? z : -z, *t = -y;
    } else if (ay >= az) {
        face = 2 + (y < 0.0f);
        major = ay, *s = x, *t = y < 0.0f ? -z : z;
    } else {
        face = 4 + (z < 0.0f);
        major = az, *s = z < 0.0f ? -x : x, *t = -y;
    }
    *s = (*s / major + 1.0f) * 0.5f;
    *t = (*t / major + 1.0f) * 0.5f;
    return face;
}

static inline __device__ texel cube(const void *object, float x, float y, float z, int layer,
                                    float detail)
{
    float s, t;
    int face = face_of(x, y, z, &s, &t);
    return sample(object, 2, s, t, 0.0f, 6 * layer + face, detail);
}

static inline __device__ texel whole(const void *object, int i)
{
    const view *v = view_of(object);
    const level &l = v->level_of[0];
    if (i >= 0 && i < l.width)
        return load(v, l, i, 0, 0);
    texel none = {};
    return none;
}

static inline __device__ texel gathered(const void *object, float x, float y, int channel)
{
    const view *v = view_of(object);
    const level &l = v->level_of[0];
    if (v->normalised_places) {
        x *= l.width;
        y *= l.height;
    }
    float part;
    int x0 = split(x - 0.5f, &part), y0 = split(y - 0.5f, &part);
    texel corners[4] = {at(v, l, 2, x0, y0 + 1, 0), at(v, l, 2, x0 + 1, y0 + 1, 0),
                        at(v, l, 2, x0 + 1, y0, 0), at(v, l, 2, x0, y0, 0)};
    texel result;
    for (int c = 0; c < 4; c++) {
        result.bits[c] = corners[c].bits[channel & 3];
        result.number[c] = corners[c].number[channel & 3];
    }
    return result;
}

/* The address of a surface's element, 0 beyond its edge; x is in bytes. */
template <typename T>
static inline __device__ T *element(const void *object, int x, int y, int z, int mode)
{
    const view *v = view_of(object);
    const level &l = v->level_of[0];
    int size = v->channels * (v->bits / 8), last = l.width * size - static_cast<int>(sizeof(T));
    int rows = l.height > 0 ? l.height : 1, slices = l.depth > 0 ? l.depth : 1;
    bool outside = x < 0 || x > last || y < 0 || y >= rows || z < 0 || z >= slices;
    if (outside && mode == 1)
        __builtin_trap();
    if (outside && mode == 0)
        return nullptr;
    x = x < 0 ? 0 : x > last ? last : x;
    y = y < 0 ? 0 : y >= rows ? rows - 1 : y;
    z = z < 0 ? 0 : z >= slices ? slices - 1 : z;
    return reinterpret_cast<T *>(l.base + z * l.slice + y * l.pitch + x);
}

template <typename T>
static inline __device__ T read(const void *object, int x, int y, int z, int mode)
{
    const T *place = element<T>(object, x, y, z, mode);
    T nothing = {};
    return place ? *place : nothing;
}

template <typename T>
static inline __device__ void write(const T &value, const void *object, int x, int y, int z,
                                    int mode)
{
    if (T *place = element<T>(object, x, y, z, mode))
        *place = value;
}

/* What happens beyond a surface's edge unless said otherwise: CUDA traps, HIP reads zero. */
#if defined(ANYROC_CUDA)
constexpr int EDGE = 1;
#else
constexpr int EDGE = 0;
#endif

}  // namespace image
}  // namespace anyroc

/* Each function gives its result back or stores it through a first argument. */
#define ANYROC_TEXTURE(name, parameters, expression)                                  \
    template <typename T>                                                             \
    static inline __device__ T name(ANYROC_UNPACK parameters)                         \
    {                                                                                 \
        return anyroc::image::value_of<T>(anyroc::image::expression);                 \
    }                                                                                 \
    template <typename T>                                                             \
    static inline __device__ void name(T *result, ANYROC_UNPACK parameters)           \
    {                                                                                 \
        *result = anyroc::image::value_of<T>(anyroc::image::expression);              \
    }
#define ANYROC_UNPACK(...) __VA_ARGS__
#define ANYROC_GRADIENT(axes) level_for(object, axes, &dx.x, &dy.x)

ANYROC_TEXTURE(tex1Dfetch, (const void *object, int x), whole(object, x))
ANYROC_TEXTURE(tex1D, (const void *object, float x), sample(object, 1, x, 0, 0, 0, 0))
ANYROC_TEXTURE(tex1DLod, (const void *object, float x, float detail),
               sample(object, 1, x, 0, 0, 0, detail))
ANYROC_TEXTURE(tex1DGrad, (const void *object, float x, float dx, float dy),
               sample(object, 1, x, 0, 0, 0, anyroc::image::level_for(object, 1, &dx, &dy)))
ANYROC_TEXTURE(tex1DLayered, (const void *object, float x, int layer),
               sample(object, 1, x, 0, 0, layer, 0))
ANYROC_TEXTURE(tex1DLayeredLod, (const void *object, float x, int layer, float detail),
               sample(object, 1, x, 0, 0, layer, detail))
ANYROC_TEXTURE(tex2D, (const void *object, float x, float y), sample(object, 2, x, y, 0, 0, 0))
ANYROC_TEXTURE(tex2DLod, (const void *object, float x, float y, float detail),
               sample(object, 2, x, y, 0, 0, detail))
ANYROC_TEXTURE(tex2DGrad, (const void *object, float x, float y, float2 dx, float2 dy),
               sample(object, 2, x, y, 0, 0, anyroc::image::ANYROC_GRADIENT(2)))
ANYROC_TEXTURE(tex2DLayered, (const void *object, float x, float y, int layer),
               sample(object, 2, x, y, 0, layer, 0))
ANYROC_TEXTURE(tex2DLayeredLod, (const void *object, float x, float y, int layer, float detail),
               sample(object, 2, x, y, 0, layer, detail))
ANYROC_TEXTURE(tex2DLayeredGrad,
               (const void *object, float x, float y, int layer, float2 dx, float2 dy),
               sample(object, 2, x, y, 0, layer, anyroc::image::ANYROC_GRADIENT(2)))
ANYROC_TEXTURE(tex2Dgather, (const void *object, float x, float y, int channel = 0),
               gathered(object, x, y, channel))
ANYROC_TEXTURE(tex3D, (const void *object, float x, float y, float z),
               sample(object, 3, x, y, z, 0, 0))
ANYROC_TEXTURE(tex3DLod, (const void *object, float x, float y, float z, float detail),
               sample(object, 3, x, y, z, 0, detail))
ANYROC_TEXTURE(tex3DGrad, (const void *object, float x, float y, float z, float4 dx, float4 dy),
               sample(object, 3, x, y, z, 0, anyroc::image::ANYROC_GRADIENT(3)))
ANYROC_TEXTURE(texCubemap, (const void *object, float x, float y, float z),
               cube(object, x, y, z, 0, 0))
ANYROC_TEXTURE(texCubemapLod, (const void *object, float x, float y, float z, float detail),
               cube(object, x, y, z, 0, detail))
ANYROC_TEXTURE(texCubemapLayered, (const void *object, float x, float y, float z, int layer),
               cube(object, x, y, z, layer, 0))
ANYROC_TEXTURE(texCubemapLayeredLod,
               (const void *object, float x, float y, float z, int layer, float detail),
               cube(object, x, y, z, layer, detail))

#define ANYROC_SURFACE(suffix, parameters, x, y, z)                                            \
    template <typename T>                                                                      \
    static inline __device__ T surf##suffix##read(const void *object, ANYROC_UNPACK parameters, \
                                                  int mode = anyroc::image::EDGE)              \
    {                                                                                          \
        return anyroc::image::read<T>(object, x, y, z, mode);                                  \
    }                                                                                          \
    template <typename T>                                                                      \
    static inline __device__ void surf##suffix##read(T *result, const void *object,            \
                                                     ANYROC_UNPACK parameters,                 \
                                                     int mode = anyroc::image::EDGE)           \
    {                                                                                          \
        *result = anyroc::image::read<T>(object, x, y, z, mode);                               \
    }                                                                                          \
    template <typename T>                                                                      \
    static inline __device__ void surf##suffix##write(T value, const void *object,             \
                                                      ANYROC_UNPACK parameters,                \
                                                      int mode = anyroc::image::EDGE)          \
    {                                                                                          \
        anyroc::image::write<T>(value, object, x, y, z, mode);                                 \
    }
ANYROC_SURFACE(1D, (int x), x, 0, 0)
ANYROC_SURFACE(1DLayered, (int x, int layer), x, 0, layer)
ANYROC_SURFACE(2D, (int x, int y), x, y, 0)
ANYROC_SURFACE(2DLayered, (int x, int y, int layer), x, y, layer)
ANYROC_SURFACE(3D, (int x, int y, int z), x, y, z)
ANYROC_SURFACE(Cubemap, (int x, int y, int face), x, y, face)
ANYROC_SURFACE(CubemapLayered, (int x, int y, int face), x, y, face)
#undef ANYROC_SURFACE
#undef ANYROC_GRADIENT
#undef ANYROC_TEXTURE
#undef ANYROC_UNPACK
