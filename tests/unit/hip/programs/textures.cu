// Reads textures and surfaces in every way and compares with the formulas of CUDA's guide.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

static int wrong = 0;

#define OK(call)                                                              \
    if (cudaError_t e = (call)) {                                             \
        printf("%s: %s\n", #call, cudaGetErrorName(e));                       \
        return 1;                                                             \
    }

static void same(const char *what, float expected, float actual)
{
    if (!(fabsf(expected - actual) <= 1e-5f * fmaxf(1, fabsf(expected))) && wrong++ < 20)
        printf("%s: %g instead of %g\n", what, actual, expected);
}

__global__ void line(cudaTextureObject_t t, float *out, const float *at, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex1D<float>(t, at[i]);
}
__global__ void words(cudaTextureObject_t t, uchar4 *out, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex1Dfetch<uchar4>(t, i);
}
__global__ void plane(cudaTextureObject_t t, float4 *out, const float2 *at, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex2D<float4>(t, at[i].x, at[i].y);
}
__global__ void space(cudaTextureObject_t t, float *out, const float3 *at, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex3D<float>(t, at[i].x, at[i].y, at[i].z);
}
__global__ void layers(cudaTextureObject_t t, short2 *out)
{
    out[threadIdx.x] = tex2DLayered<short2>(t, threadIdx.x % 4, threadIdx.x / 4 % 4, threadIdx.x / 16);
}
__global__ void negate(cudaSurfaceObject_t s, int width)
{
    int x = threadIdx.x, y = blockIdx.x;
    float v;
    surf2Dread(&v, s, x * 4, y, cudaBoundaryModeClamp);
    surf2Dwrite(-v, s, x * 4, y, cudaBoundaryModeZero);
    if (x == 0) surf2Dwrite(7.0f, s, width * 4, y, cudaBoundaryModeZero);
}

texture<unsigned char, cudaTextureType1D, cudaReadModeNormalizedFloat> shades;
texture<float, 2> sheet_of;
__global__ void by_reference(float *out, int n)
{
    int i = threadIdx.x;
    out[i] = i < n ? tex1Dfetch(shades, i) : tex2D(sheet_of, i % 8, (i - n) / 8);
}

static int index_of(int mode, int i, int n)
{
    if (mode == cudaAddressModeWrap) return ((i % n) + n) % n;
    if (mode == cudaAddressModeMirror) {
        int r = ((i % (2 * n)) + 2 * n) % (2 * n);
        return r < n ? r : 2 * n - 1 - r;
    }
    if (mode == cudaAddressModeBorder && (i < 0 || i >= n)) return -1;
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}
static float weight_of(float x) { return floorf((x - floorf(x)) * 256 + 0.5f) / 256; }

int main()
{
    const int n = 8, points = 64;
    float row[n], at[points], *out, *places;
    for (int i = 0; i < n; i++) row[i] = i * i - 3.5f;
    for (int i = 0; i < points; i++) at[i] = (i - 20) * 0.37f;
    OK(cudaMallocManaged(&out, points * sizeof(float4)));
    OK(cudaMallocManaged(&places, points * sizeof(float3)));

    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    OK(cudaMallocArray(&array, &format, n));
    OK(cudaMemcpy2DToArray(array, 0, 0, row, sizeof(row), sizeof(row), 1, cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    for (int mode = 0; mode < 4; mode++)
        for (int linear = 0; linear < 2; linear++)
            for (int normalised = 0; normalised < 2; normalised++) {
                cudaTextureDesc how = {};
                how.addressMode[0] = static_cast<cudaTextureAddressMode>(mode);
                how.filterMode = linear ? cudaFilterModeLinear : cudaFilterModePoint;
                how.normalizedCoords = normalised;
                how.borderColor[0] = 100;
                cudaTextureObject_t texture = 0;
                OK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
                for (int i = 0; i < points; i++) places[i] = normalised ? at[i] / n : at[i];
                line<<<1, points>>>(texture, out, places, points);
                OK(cudaDeviceSynchronize());
                int used = !normalised && (mode == 0 || mode == 2) ? 1 : mode;
                auto texel = [&](int i) {
                    int k = index_of(used, i, n);
                    return k < 0 ? 100 : row[k];
                };
                for (int i = 0; i < points; i++) {
                    float x = normalised ? places[i] * n : places[i], b = x - 0.5f;
                    int k = static_cast<int>(floorf(b));
                    float w = weight_of(b);
                    float expected = linear ? (1 - w) * texel(k) + w * texel(k + 1)
                                            : texel(static_cast<int>(floorf(x)));
                    same(linear ? "1D linear" : "1D", expected, out[i]);
                }
                OK(cudaDestroyTextureObject(texture));
            }
    OK(cudaFreeArray(array));

    // Bytes as they are, from linear memory; beyond its end lies zero.
    uchar4 *bytes;
    OK(cudaMalloc(&bytes, 40 * sizeof(uchar4)));
    std::vector<uchar4> some(40);
    for (int i = 0; i < 40; i++) some[i] = make_uchar4(i, 2 * i, 255 - i, 7);
    OK(cudaMemcpy(bytes, some.data(), 40 * sizeof(uchar4), cudaMemcpyHostToDevice));
    cudaResourceDesc memory = {};
    memory.resType = cudaResourceTypeLinear;
    memory.res.linear.devPtr = bytes;
    memory.res.linear.desc = cudaCreateChannelDesc<uchar4>();
    memory.res.linear.sizeInBytes = 40 * sizeof(uchar4);
    cudaTextureDesc plain = {};
    cudaTextureObject_t texture = 0;
    OK(cudaCreateTextureObject(&texture, &memory, &plain, nullptr));
    words<<<1, points>>>(texture, reinterpret_cast<uchar4 *>(out), points);
    OK(cudaDeviceSynchronize());
    for (int i = 0; i < points; i++) {
        uchar4 got = reinterpret_cast<uchar4 *>(out)[i];
        uchar4 want = i < 40 ? some[i] : make_uchar4(0, 0, 0, 0);
        if (memcmp(&got, &want, 4) && wrong++ < 20) printf("1Dfetch %d\n", i);
    }
    OK(cudaDestroyTextureObject(texture));

    // Signed bytes as numbers, four channels, two axes, from pitched memory.
    const int width = 6, height = 5;
    char4 *pitched;
    size_t pitch;
    OK(cudaMallocPitch(&pitched, &pitch, width * sizeof(char4), height));
    char4 image[height][width];
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            image[y][x] = make_char4(x * 20 - 60, y * 31 - 70, -128, 127);
    OK(cudaMemcpy2D(pitched, pitch, image, sizeof(image[0]), sizeof(image[0]), height,
                    cudaMemcpyHostToDevice));
    cudaResourceDesc rows = {};
    rows.resType = cudaResourceTypePitch2D;
    rows.res.pitch2D.devPtr = pitched;
    rows.res.pitch2D.desc = cudaCreateChannelDesc<char4>();
    rows.res.pitch2D.width = width;
    rows.res.pitch2D.height = height;
    rows.res.pitch2D.pitchInBytes = pitch;
    cudaTextureDesc soft = {};
    soft.readMode = cudaReadModeNormalizedFloat;
    soft.filterMode = cudaFilterModeLinear;
    soft.addressMode[0] = cudaAddressModeClamp;
    soft.addressMode[1] = cudaAddressModeBorder;
    OK(cudaCreateTextureObject(&texture, &rows, &soft, nullptr));
    float2 *pairs = reinterpret_cast<float2 *>(places);
    for (int i = 0; i < points; i++) pairs[i] = make_float2(i * 0.17f - 1, i * 0.13f - 1.5f);
    plane<<<1, points>>>(texture, reinterpret_cast<float4 *>(out), pairs, points);
    OK(cudaDeviceSynchronize());
    auto value = [&](int x, int y, int c) {
        x = index_of(cudaAddressModeClamp, x, width);
        y = index_of(cudaAddressModeBorder, y, height);
        if (y < 0) return 0.0f;
        signed char b = reinterpret_cast<const signed char *>(&image[y][x])[c];
        return fmaxf(b / 127.0f, -1.0f);
    };
    for (int i = 0; i < points; i++)
        for (int c = 0; c < 4; c++) {
            float bx = pairs[i].x - 0.5f, by = pairs[i].y - 0.5f;
            int x = static_cast<int>(floorf(bx)), y = static_cast<int>(floorf(by));
            float u = weight_of(bx), v = weight_of(by);
            float expected = (1 - u) * (1 - v) * value(x, y, c) + u * (1 - v) * value(x + 1, y, c)
                             + (1 - u) * v * value(x, y + 1, c) + u * v * value(x + 1, y + 1, c);
            same("2D", expected, out[4 * i + c]);
        }
    OK(cudaDestroyTextureObject(texture));

    // Three axes, and layers of pairs.
    cudaExtent box = make_cudaExtent(4, 3, 2);
    std::vector<float> cells(24);
    for (int i = 0; i < 24; i++) cells[i] = 0.5f * i * i;
    OK(cudaMalloc3DArray(&array, &format, box, 0));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(cells.data(), 16, 4, 3);
    copy.dstArray = array;
    copy.extent = box;
    copy.kind = cudaMemcpyHostToDevice;
    OK(cudaMemcpy3D(&copy));
    resource.res.array.array = array;
    cudaTextureDesc nearest = {};
    for (int axis = 0; axis < 3; axis++) nearest.addressMode[axis] = cudaAddressModeClamp;
    OK(cudaCreateTextureObject(&texture, &resource, &nearest, nullptr));
    float3 *triples = reinterpret_cast<float3 *>(places);
    for (int i = 0; i < points; i++)
        triples[i] = make_float3(i % 5 - 0.3f, i / 5 % 4 - 0.2f, i / 20 - 0.4f);
    space<<<1, points>>>(texture, out, triples, points);
    OK(cudaDeviceSynchronize());
    for (int i = 0; i < points; i++) {
        int x = index_of(1, static_cast<int>(floorf(triples[i].x)), 4);
        int y = index_of(1, static_cast<int>(floorf(triples[i].y)), 3);
        int z = index_of(1, static_cast<int>(floorf(triples[i].z)), 2);
        same("3D", cells[z * 12 + y * 4 + x], out[i]);
    }
    OK(cudaDestroyTextureObject(texture));
    OK(cudaFreeArray(array));
    cudaChannelFormatDesc two = cudaCreateChannelDesc<short2>();
    OK(cudaMalloc3DArray(&array, &two, make_cudaExtent(4, 4, 3), cudaArrayLayered));
    std::vector<short2> sheets(48);
    for (int i = 0; i < 48; i++) sheets[i] = make_short2(i - 20, -i);
    copy.srcPtr = make_cudaPitchedPtr(sheets.data(), 16, 4, 4);
    copy.dstArray = array;
    copy.extent = make_cudaExtent(4, 4, 3);
    OK(cudaMemcpy3D(&copy));
    resource.res.array.array = array;
    OK(cudaCreateTextureObject(&texture, &resource, &nearest, nullptr));
    layers<<<1, 48>>>(texture, reinterpret_cast<short2 *>(out));
    OK(cudaDeviceSynchronize());
    if (memcmp(out, sheets.data(), 48 * sizeof(short2)) && wrong++ < 20) printf("layers\n");
    OK(cudaDestroyTextureObject(texture));
    OK(cudaFreeArray(array));

    // A surface, to and fro.
    OK(cudaMallocArray(&array, &format, 8, 3, cudaArraySurfaceLoadStore));
    float sheet[3][8], back[3][8];
    for (int i = 0; i < 24; i++) sheet[i / 8][i % 8] = i + 0.25f;
    OK(cudaMemcpy2DToArray(array, 0, 0, sheet, 32, 32, 3, cudaMemcpyHostToDevice));
    resource.res.array.array = array;
    cudaSurfaceObject_t surface = 0;
    OK(cudaCreateSurfaceObject(&surface, &resource));
    negate<<<3, 8>>>(surface, 8);
    OK(cudaDeviceSynchronize());
    OK(cudaMemcpy2DFromArray(back, 32, array, 0, 0, 32, 3, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 24; i++) same("surface", -sheet[i / 8][i % 8], back[i / 8][i % 8]);
    OK(cudaDestroySurfaceObject(surface));

    // References, bound to memory and to an array.
    OK(cudaBindTexture(nullptr, shades, bytes, 40 * sizeof(uchar4)));
    OK(cudaBindTextureToArray(sheet_of, array));
    by_reference<<<1, 64>>>(out, 40);
    OK(cudaDeviceSynchronize());
    for (int i = 0; i < 64; i++)
        same("reference", i < 40 ? reinterpret_cast<unsigned char *>(some.data())[i] / 255.0f
                                 : back[(i - 40) / 8][i % 8], out[i]);
    OK(cudaUnbindTexture(shades));
    OK(cudaUnbindTexture(sheet_of));

    printf("%d wrong\n", wrong);
    return wrong != 0;
}
