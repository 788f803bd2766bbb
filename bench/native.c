/* The benchmarks in plain C: what the CPU does when nobody simulates a GPU on it.
 *
 * Written so that clang vectorises it wherever that takes no more than a loop over 16 or 64
 * neighbours inside. Each thread does its share of a batch without waiting for the others.
 *
 *     native THREADS NAME SIZES...
 */
#define _GNU_SOURCE
#include "measure.h"

#include <pthread.h>

enum { max_threads = 64, lanes = 64 };

static int threads, size[3];
static float *a, *b, *c;
static uint8_t *bytes;
static uint32_t *counts, shares[max_threads][256];
static double partial_sums[max_threads];

typedef void (*work)(int thread, int first, int last);
static work chosen;
static int items, batch_repeats;

static void *work_off(void *argument)
{
    int thread = (int)(intptr_t)argument;
    int first = (int)((int64_t)items * thread / threads);
    int last = (int)((int64_t)items * (thread + 1) / threads);
    for (int i = 0; i < batch_repeats; i++) {
        chosen(thread, first, last);
        __asm__ volatile("" ::: "memory"); /* so that no repeat is found superfluous */
    }
    return NULL;
}

static void run(int repeats)
{
    pthread_t others[max_threads];
    batch_repeats = repeats;
    for (int i = 1; i < threads; i++)
        pthread_create(&others[i], NULL, work_off, (void *)(intptr_t)i);
    work_off(0);
    for (int i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
}

static void add(int thread, int first, int last)
{
    const float *restrict x = a, *restrict y = b;
    float *restrict z = c;
    (void)thread;
    for (int i = first; i < last; i++)
        z[i] = x[i] + y[i];
}

static void matmul(int thread, int first, int last)
{
    int n = size[0];
    (void)thread;
    for (int row = first; row < last; row++) {
        float *restrict out = c + (size_t)row * n;
        memset(out, 0, n * sizeof *out);
        for (int k = 0; k < n; k++) {
            float factor = a[(size_t)row * n + k];
            const float *restrict in = b + (size_t)k * n;
            for (int column = 0; column < n; column++)
                out[column] += factor * in[column];
        }
    }
}

/* In blocks that stay in the caches and in the registers. */
static void matmul_blocked(int thread, int first, int last)
{
    enum { rows = 6, columns = 32 };
    int n = size[0];
    (void)thread;
    for (int column = 0; column < n; column += columns)
        for (int row = first; row < last; row += rows) {
            float sum[rows][columns] = {{0}};
            int height = last - row < rows ? last - row : rows;
            if (height == rows && column + columns <= n) {
                for (int k = 0; k < n; k++)
                    for (int y = 0; y < rows; y++)
                        for (int x = 0; x < columns; x++)
                            sum[y][x] +=
                                a[(size_t)(row + y) * n + k] * b[(size_t)k * n + column + x];
            } else {
                for (int k = 0; k < n; k++)
                    for (int y = 0; y < height; y++)
                        for (int x = 0; x < columns && column + x < n; x++)
                            sum[y][x] +=
                                a[(size_t)(row + y) * n + k] * b[(size_t)k * n + column + x];
            }
            for (int y = 0; y < height; y++)
                for (int x = 0; x < columns && column + x < n; x++)
                    c[(size_t)(row + y) * n + column + x] = sum[y][x];
        }
}

static void mandelbrot(int thread, int first, int last)
{
    int width = size[0], height = size[1], most = size[2];
    (void)thread;
    for (int row = first; row < last; row++)
        for (int column = 0; column < width; column++) {
            float cx = -2.2f + 3.2f * column / width, cy = -1.2f + 2.4f * row / height;
            float x = 0, y = 0;
            int steps = 0;
            while (steps < most && x * x + y * y < 4) {
                float next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                steps++;
            }
            counts[row * width + column] = steps;
        }
}

/* Keeps 64 chains in registers, at the machine's limit: unrolling it changes nothing. */
static void fma_chain(int thread, int first, int last)
{
    int steps = size[1];
    (void)thread;
    for (int start = first; start < last; start += lanes) {
        float x[lanes], y[lanes];
        for (int i = 0; i < lanes; i++) {
            x[i] = a[start + i];
            y[i] = x[i] + 1;
        }
        for (int step = 0; step < steps; step++)
            for (int i = 0; i < lanes; i++) {
                x[i] = x[i] * 0.999f + 0.001f;
                y[i] = y[i] * 0.998f + 0.002f;
            }
        for (int i = 0; i < lanes; i++)
            c[start + i] = x[i] + y[i];
    }
}

static void reduction(int thread, int first, int last)
{
    float sums[lanes] = {0};
    double sum = 0;
    int i = first;
    for (; i + lanes <= last; i += lanes)
        for (int lane = 0; lane < lanes; lane++)
            sums[lane] += a[i + lane];
    for (; i < last; i++)
        sums[0] += a[i];
    for (int lane = 0; lane < lanes; lane++)
        sum += sums[lane];
    partial_sums[thread] = sum;
}

static void softmax(int thread, int first, int last)
{
    int columns = size[1];
    (void)thread;
    for (int row = first; row < last; row++) {
        const float *restrict in = a + (size_t)row * columns;
        float *restrict out = c + (size_t)row * columns;
        float largest = -INFINITY, sum = 0;
        for (int i = 0; i < columns; i++)
            largest = in[i] > largest ? in[i] : largest;
        for (int i = 0; i < columns; i++) {
            out[i] = expf(in[i] - largest);
            sum += out[i];
        }
        for (int i = 0; i < columns; i++)
            out[i] /= sum;
    }
}

static void nbody(int thread, int first, int last)
{
    int n = size[0];
    (void)thread;
    for (int start = first; start < last; start += lanes) {
        float x[lanes], y[lanes], z[lanes], fx[lanes] = {0}, fy[lanes] = {0}, fz[lanes] = {0};
        for (int i = 0; i < lanes; i++) {
            x[i] = a[4 * (start + i)];
            y[i] = a[4 * (start + i) + 1];
            z[i] = a[4 * (start + i) + 2];
        }
        for (int j = 0; j < n; j++) {
            float ox = a[4 * j], oy = a[4 * j + 1], oz = a[4 * j + 2], mass = a[4 * j + 3];
            for (int i = 0; i < lanes; i++) {
                float dx = ox - x[i], dy = oy - y[i], dz = oz - z[i];
                float inverse = 1.0f / sqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
                float strength = mass * inverse * inverse * inverse;
                fx[i] += strength * dx;
                fy[i] += strength * dy;
                fz[i] += strength * dz;
            }
        }
        for (int i = 0; i < lanes; i++)
            c[start + i] = fx[i] + fy[i] + fz[i];
    }
}

static void histogram(int thread, int first, int last)
{
    uint32_t *count = shares[thread];
    memset(count, 0, sizeof shares[thread]);
    for (int i = first; i < last; i++)
        count[bytes[i]]++;
}

static void transpose(int thread, int first, int last)
{
    enum { tile = 16 };
    int n = size[0];
    (void)thread;
    for (int top = first; top < last; top += tile)
        for (int left = 0; left < n; left += tile)
            for (int x = left; x < left + tile && x < n; x++)
                for (int y = top; y < top + tile && y < last; y++)
                    c[(size_t)x * n + y] = a[(size_t)y * n + x];
}

static void stencil(int thread, int first, int last)
{
    int n = size[0];
    (void)thread;
    for (int y = first + 1; y < last + 1; y++) {
        const float *restrict up = a + (size_t)(y - 1) * n, *restrict here = up + n;
        const float *restrict down = here + n;
        float *restrict out = c + (size_t)y * n;
        for (int x = 1; x < n - 1; x++)
            out[x] = here[x] +
                     0.2f * (up[x] + down[x] + here[x - 1] + here[x + 1] - 4 * here[x]);
    }
}

/* The limits of the machine. Copying as in STREAM's "add": two streams read, one written. */

static void limit_bandwidth(int thread, int first, int last)
{
    typedef float vector __attribute__((vector_size(64)));
    const vector *x = (const vector *)a, *y = (const vector *)b;
    vector *z = (vector *)c;
    (void)thread;
    for (int i = first / 16; i < last / 16; i++)
        __builtin_nontemporal_store(x[i] + y[i], &z[i]);
}

static void limit_fma(int thread, int first, int last)
{
    typedef float vector __attribute__((vector_size(64)));
    vector sums[12];
    for (int i = 0; i < 12; i++)
        sums[i] = (vector){0} + (float)i;
    for (int i = first; i < last; i++)
        for (int k = 0; k < 12; k++) {
            sums[k] = sums[k] * 0.999f + 0.001f;
            __asm__ volatile("" : "+v"(sums[k]));
        }
    double sum = 0;
    for (int k = 0; k < 12; k++)
        sum += sums[k][0];
    partial_sums[thread] = sum;
}

static float *allocate(size_t count)
{
    float *memory = aligned_alloc(4096, (count * sizeof(float) + 4095) / 4096 * 4096);
    memset(memory, 0xFF, count * sizeof(float));
    return memory;
}

static float *inputs(size_t count, uint32_t start)
{
    float *memory = allocate(count);
    for (size_t i = 0; i < count; i++)
        memory[i] = input((uint32_t)i + start);
    return memory;
}

static double sum_floats(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: native THREADS NAME SIZES...\n");
        return 2;
    }
    threads = atoi(argv[1]);
    const char *name = argv[2];
    for (int i = 3; i < argc && i < 6; i++)
        size[i - 3] = atoi(argv[i]);
    size_t n = size[0], results = n;
    items = size[0];

    if (strcmp(name, "add") == 0 || strcmp(name, "limit_bandwidth") == 0) {
        chosen = name[0] == 'a' ? add : limit_bandwidth;
        a = inputs(n, 0), b = inputs(n, 1), c = allocate(n);
    } else if (strcmp(name, "matmul_naive") == 0 || strcmp(name, "matmul_tiled") == 0) {
        chosen = name[7] == 'n' ? matmul : matmul_blocked;
        a = inputs(n * n, 0), b = inputs(n * n, 1), c = allocate(n * n);
        results = n * n;
    } else if (strcmp(name, "mandelbrot") == 0) {
        chosen = mandelbrot;
        counts = malloc(n * size[1] * sizeof *counts);
        items = size[1];
    } else if (strcmp(name, "fma_chain") == 0 || strcmp(name, "fma_unrolled") == 0) {
        chosen = fma_chain;
        a = inputs(n, 0), c = allocate(n);
    } else if (strcmp(name, "reduction") == 0) {
        chosen = reduction;
        a = inputs(n, 0);
    } else if (strcmp(name, "softmax") == 0) {
        chosen = softmax;
        results = n * size[1];
        a = inputs(results, 0), c = allocate(results);
    } else if (strcmp(name, "nbody") == 0) {
        chosen = nbody;
        a = inputs(4 * n, 0), c = allocate(n);
    } else if (strcmp(name, "histogram") == 0) {
        chosen = histogram;
        bytes = malloc(n);
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(256 * input((uint32_t)i));
    } else if (strcmp(name, "transpose") == 0) {
        chosen = transpose;
        results = n;
        a = inputs(n * n, 0), c = allocate(n * n);
    } else if (strcmp(name, "stencil") == 0) {
        chosen = stencil;
        a = inputs(n * n, 0), c = inputs(n * n, 0);
        results = n * n;
        items = size[0] - 2;
    } else if (strcmp(name, "limit_fma") == 0) {
        chosen = limit_fma;
    } else {
        fprintf(stderr, "no benchmark is called %s\n", name);
        return 2;
    }

    struct timing timing = measure(run);
    double check = 0;
    if (c)
        check = sum_floats(c, results);
    for (size_t i = 0; counts && i < n * size[1]; i++)
        check += counts[i];
    for (int i = 0; i < threads; i++)
        check += partial_sums[i];
    for (int bin = 0; bytes && bin < 256; bin++)
        for (int i = 0; i < threads; i++)
            check += (double)bin * shares[i][bin];
    report(timing, check);
    return 0;
}
