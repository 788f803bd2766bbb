// The Mandelbrot set: a look into the valley of the seahorses, as a picture.
//
//     mandelbrot [file.png] [width] [height]

#include <cuda_runtime.h>

#include "common.h"

const int max_steps = 1000;

struct View {
    float x, y;   // the middle of the picture
    float height; // of the picture, in the complex plane
};

/// How fast c escapes under z -> z * z + c, as a smooth number of steps; 0 if it does not.
/// The fused multiply-adds are spelled out so that the host computes the very same numbers.
__host__ __device__ float escape(float cx, float cy)
{
    float x = 0, y = 0, xx = 0, yy = 0;
    int steps = 0;
    while (steps < max_steps && xx + yy < 256) {
        y = fmaf(2 * x, y, cy);
        x = xx - yy + cx;
        xx = x * x;
        yy = y * y;
        steps++;
    }
    return steps == max_steps ? 0 : steps + 4 - log2f(log2f(xx + yy));
}

/// A palette that goes round and round: midnight blue, white, amber, back again.
__host__ __device__ float3 colour(float escaped)
{
    if (escaped == 0)
        return make_float3(0, 0, 0);
    float turn = 6.2831853f * 0.55f * log2f(escaped);
    return make_float3(0.5f - 0.5f * cosf(turn + 0.6f), 0.5f - 0.5f * cosf(turn + 1.0f),
                       0.5f - 0.5f * cosf(turn + 1.7f));
}

/// One pixel, the mean of 2 x 2 samples.
__host__ __device__ uchar3 pixel(View view, int width, int height, int px, int py)
{
    float step = view.height / height;
    float3 sum = make_float3(0, 0, 0);
    for (int sample = 0; sample < 4; sample++) {
        float dx = px + 0.25f + 0.5f * (sample & 1) - 0.5f * width;
        float dy = py + 0.25f + 0.5f * (sample >> 1) - 0.5f * height;
        float3 c = colour(escape(fmaf(dx, step, view.x), fmaf(-dy, step, view.y)));
        sum.x += c.x;
        sum.y += c.y;
        sum.z += c.z;
    }
    return make_uchar3((unsigned char)(sum.x * 63.75f), (unsigned char)(sum.y * 63.75f),
                       (unsigned char)(sum.z * 63.75f));
}

__global__ void mandelbrot(View view, int width, int height, uchar3 *image)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < width && y < height)
        image[y * width + x] = pixel(view, width, height, x, y);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "mandelbrot.png";
    int width = argument(argc, argv, 2, 1280), height = argument(argc, argv, 3, 720);
    View view = {-0.74591f, 0.11380f, 0.0047f};

    Buffer<uchar3> device(size_t(width) * height);
    dim3 block(16, 16), grid(divide_up(width, 16), divide_up(height, 16));
    mandelbrot<<<grid, block>>>(view, width, height, device);
    std::vector<uchar3> image = device.read();

    // The host checks one pixel in 61.
    int wrong = 0, checked = 0;
    for (size_t i = 0; i < image.size(); i += 61, checked++)
        wrong += differ(image[i], pixel(view, width, height, int(i % width), int(i / width)));
    if (!Png(width, height, image).write(path)) {
        fprintf(stderr, "cannot write %s\n", path);
        return EXIT_FAILURE;
    }
    printf("mandelbrot: %d x %d pixels in %s, %d of %d checked pixels wrong", width, height, path,
           wrong, checked);
    return verdict(wrong == 0);
}
