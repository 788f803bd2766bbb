// The heat equation: a hot wire on a cold plate, warming it step by step, as a picture.
//
//     heat [file.png] [width] [height] [steps]

#include <cuda_runtime.h>

#include "common.h"

const float rate = 0.24f; // of the exchange with the four neighbours; below 0.25 it is stable

/// `wire` is the temperature of the wire where there is one, else negative. The rim stays cold.
__host__ __device__ inline float relax(float wire, float here, float left, float right, float up,
                                       float down)
{
    return wire >= 0 ? wire : here + rate * (left + right + up + down - 4 * here);
}

__global__ void step(int width, int height, const float *wire, const float *from, float *to)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;
    int i = y * width + x;
    bool rim = x == 0 || y == 0 || x == width - 1 || y == height - 1;
    to[i] = rim ? 0
                : relax(wire[i], from[i], from[i - 1], from[i + 1], from[i - width],
                        from[i + width]);
}

/// The glow of a body: black, violet, red, orange, yellow, white.
__host__ __device__ inline uchar3 glow(float t)
{
    float red = fminf(2.2f * t, 1);
    float green = fminf(fmaxf(2.0f * t - 0.65f, 0), 1);
    float blue = t < 0.34f ? 0.45f * sinf(9.24f * t) : fmaxf(3.0f * t - 2.0f, 0);
    return make_uchar3((unsigned char)(255 * red), (unsigned char)(255 * green),
                       (unsigned char)(255 * blue));
}

__global__ void paint(int cells, const float *temperature, uchar3 *image)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < cells)
        image[i] = glow(temperature[i]);
}

void step_on_host(int width, int height, const float *wire, const float *from, float *to)
{
    for (int y = 1; y < height - 1; y++)
        for (int x = 1; x < width - 1; x++) {
            int i = y * width + x;
            to[i] = relax(wire[i], from[i], from[i - 1], from[i + 1], from[i - width],
                          from[i + width]);
        }
}

/// A Lissajous curve, hotter and colder along its way.
std::vector<float> bend_wire(int width, int height)
{
    std::vector<float> wire(size_t(width) * height, -1.0f);
    int points = 20 * (width + height);
    for (int p = 0; p < points; p++) {
        float turn = 6.2831853f * p / points;
        int x = int(width * (0.5f + 0.42f * std::sin(3 * turn + 0.6f)));
        int y = int(height * (0.5f + 0.40f * std::sin(4 * turn)));
        float heat = 0.75f + 0.25f * std::sin(5 * turn);
        wire[size_t(y) * width + x] = heat;
    }
    return wire;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "heat.png";
    int width = argument(argc, argv, 2, 640), height = argument(argc, argv, 3, 360);
    int steps = argument(argc, argv, 4, 500);
    int cells = width * height;

    std::vector<float> wire = bend_wire(width, height), cold(cells, 0.0f);
    Buffer<float> device_wire(wire), device_a(cold), device_b(cells);
    float *from = device_a, *to = device_b;
    dim3 block(32, 8), grid(divide_up(width, 32), divide_up(height, 8));
    for (int i = 0; i < steps; i++) {
        step<<<grid, block>>>(width, height, device_wire, from, to);
        std::swap(from, to);
    }
    Buffer<uchar3> device_image(cells);
    paint<<<divide_up(cells, 256), 256>>>(cells, from, device_image);
    std::vector<uchar3> image = device_image.read();
    std::vector<float> result = from == device_a ? device_a.read() : device_b.read();

    std::vector<float> a = cold, b = cold;
    for (int i = 0; i < steps; i++) {
        step_on_host(width, height, wire.data(), a.data(), b.data());
        std::swap(a, b);
    }
    double error = max_error(result, a);
    int wrong = 0;
    for (int i = 0; i < cells; i++)
        wrong += differ(image[i], glow(result[i]));
    if (!Png(width, height, image).write(path)) {
        fprintf(stderr, "cannot write %s\n", path);
        return EXIT_FAILURE;
    }
    printf("heat: %d x %d cells, %d steps, max error %.1e, picture in %s, %d pixels wrong", width,
           height, steps, error, path, wrong);
    return verdict(error < 1e-4 && wrong == 0);
}
