// The benchmarks in OpenCL C, for PoCL: kernels.cu, line by line where the languages allow it.

kernel void add(int n, global const float *a, global const float *b, global float *c)
{
    int i = get_global_id(0);
    if (i < n)
        c[i] = a[i] + b[i];
}

kernel void matmul_naive(int n, global const float *a, global const float *b, global float *c)
{
    int column = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (int k = 0; k < n; k++)
        sum += a[row * n + k] * b[k * n + column];
    c[row * n + column] = sum;
}

kernel void matmul_tiled(int n, global const float *a, global const float *b, global float *c)
{
    local float tile_a[16][16], tile_b[16][16];
    int x = get_local_id(0), y = get_local_id(1);
    int row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int start = 0; start < n; start += 16) {
        tile_a[y][x] = a[row * n + start + x];
        tile_b[y][x] = b[(start + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < 16; k++)
            sum += tile_a[y][k] * tile_b[k][x];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void mandelbrot(int width, int height, int most, global uint *counts)
{
    int column = get_global_id(0), row = get_global_id(1);
    if (column >= width || row >= height)
        return;
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

kernel void fma_chain(int steps, global const float *a, global float *c)
{
    int i = get_global_id(0);
    float x = a[i], y = x + 1;
    for (int step = 0; step < steps; step++) {
        x = x * 0.999f + 0.001f;
        y = y * 0.998f + 0.002f;
    }
    c[i] = x + y;
}

kernel void fma_unrolled(int steps, global const float *a, global float *c)
{
    int i = get_global_id(0);
    float x = a[i], y = x + 1;
    #pragma unroll 16
    for (int step = 0; step < steps; step++) {
        x = x * 0.999f + 0.001f;
        y = y * 0.998f + 0.002f;
    }
    c[i] = x + y;
}

kernel void reduction(int n, global const float *in, global float *out)
{
    local float sums[256];
    int thread = get_local_id(0);
    float sum = 0;
    for (int i = get_global_id(0); i < n; i += get_global_size(0))
        sum += in[i];
    sums[thread] = sum;
    for (int half_way = 128; half_way > 0; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (thread < half_way)
            sums[thread] += sums[thread + half_way];
    }
    if (thread == 0)
        out[get_group_id(0)] = sums[0];
}

float reduce_block(local float *values, float value, bool maximum)
{
    int thread = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    values[thread] = value;
    for (int half_way = 128; half_way > 0; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (thread < half_way) {
            float other = values[thread + half_way];
            values[thread] = maximum ? fmax(values[thread], other) : values[thread] + other;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return values[0];
}

kernel void softmax(int columns, global const float *in, global float *out)
{
    local float values[256];
    in += get_group_id(0) * (size_t)columns;
    out += get_group_id(0) * (size_t)columns;
    float largest = -INFINITY, sum = 0;
    for (int i = get_local_id(0); i < columns; i += 256)
        largest = fmax(largest, in[i]);
    largest = reduce_block(values, largest, true);
    for (int i = get_local_id(0); i < columns; i += 256) {
        float value = exp(in[i] - largest);
        out[i] = value;
        sum += value;
    }
    sum = reduce_block(values, sum, false);
    for (int i = get_local_id(0); i < columns; i += 256)
        out[i] /= sum;
}

kernel void nbody(int n, global const float4 *bodies, global float *out)
{
    local float4 shared[256];
    int i = get_global_id(0), thread = get_local_id(0);
    float4 here = bodies[i];
    float fx = 0, fy = 0, fz = 0;
    for (int start = 0; start < n; start += 256) {
        shared[thread] = bodies[start + thread];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < 256; k++) {
            float4 other = shared[k];
            float dx = other.x - here.x, dy = other.y - here.y, dz = other.z - here.z;
            float inverse = 1.0f / sqrt(dx * dx + dy * dy + dz * dz + 0.01f);
            float strength = other.w * inverse * inverse * inverse;
            fx += strength * dx;
            fy += strength * dy;
            fz += strength * dz;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    out[i] = fx + fy + fz;
}

kernel void histogram(int n, global const uchar *data, global uint *total)
{
    local uint count[256];
    int thread = get_local_id(0);
    count[thread] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_global_id(0); i < n; i += get_global_size(0))
        atomic_add(&count[data[i]], 1u);
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&total[thread], count[thread]);
}

kernel void transpose(int n, global const float *a, global float *c)
{
    local float tile[16][17];
    int x = get_group_id(0) * 16, y = get_group_id(1) * 16;
    int dx = get_local_id(0), dy = get_local_id(1);
    tile[dy][dx] = a[(y + dy) * n + x + dx];
    barrier(CLK_LOCAL_MEM_FENCE);
    c[(x + dy) * n + y + dx] = tile[dx][dy];
}

kernel void stencil(int n, global const float *a, global float *c)
{
    int x = get_global_id(0), y = get_global_id(1);
    if (x == 0 || y == 0 || x >= n - 1 || y >= n - 1)
        return;
    int i = y * n + x;
    c[i] = a[i] + 0.2f * (a[i - n] + a[i + n] + a[i - 1] + a[i + 1] - 4 * a[i]);
}
