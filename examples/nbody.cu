// n-body: every star pulls on every other star; a block shares the positions it reads.
//
//     nbody [bodies] [steps]

#include <cuda_runtime.h>

#include "common.h"

const int tile = 256;
const float softening = 1e-2f;

/// Adds to `force` what a body at `other` (its mass in w) does to one at `here`.
__host__ __device__ inline void attract(float4 here, float4 other, float3 &force)
{
    float dx = other.x - here.x, dy = other.y - here.y, dz = other.z - here.z;
    float distance2 = dx * dx + dy * dy + dz * dz + softening;
    float inverse = 1.0f / sqrtf(distance2);
    float strength = other.w * inverse * inverse * inverse;
    force.x += strength * dx;
    force.y += strength * dy;
    force.z += strength * dz;
}

__host__ __device__ inline void move(float4 &position, float3 &velocity, float3 force, float dt)
{
    velocity.x += force.x * dt;
    velocity.y += force.y * dt;
    velocity.z += force.z * dt;
    position.x += velocity.x * dt;
    position.y += velocity.y * dt;
    position.z += velocity.z * dt;
}

__global__ void step(int n, float dt, const float4 *from, float4 *to, float3 *velocity)
{
    __shared__ float4 shared[tile];
    int i = blockIdx.x * tile + threadIdx.x;
    float4 here = i < n ? from[i] : make_float4(0, 0, 0, 0);
    float3 force = make_float3(0, 0, 0);

    for (int start = 0; start < n; start += tile) {
        int j = start + threadIdx.x;
        shared[threadIdx.x] = j < n ? from[j] : make_float4(0, 0, 0, 0);
        __syncthreads();
        for (int k = 0; k < tile; k++)
            attract(here, shared[k], force);
        __syncthreads();
    }
    if (i < n) {
        float3 v = velocity[i];
        move(here, v, force, dt);
        to[i] = here;
        velocity[i] = v;
    }
}

void step_on_host(float dt, std::vector<float4> &position, std::vector<float3> &velocity)
{
    std::vector<float4> from = position;
    for (size_t i = 0; i < from.size(); i++) {
        float3 force = make_float3(0, 0, 0);
        for (const float4 &other : from)
            attract(from[i], other, force);
        move(position[i], velocity[i], force, dt);
    }
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 2048), steps = argument(argc, argv, 2, 8);
    const float dt = 0.01f;

    // A disc of stars that turns.
    std::vector<float4> position(n);
    std::vector<float3> velocity(n);
    Random random(3);
    for (int i = 0; i < n; i++) {
        float radius = std::sqrt(random.uniform()), angle = random.uniform(0, 6.2831853f);
        float x = radius * std::cos(angle), y = radius * std::sin(angle);
        position[i] = make_float4(x, y, random.uniform(-0.1f, 0.1f), 1.0f / n);
        velocity[i] = make_float3(-y, x, 0);
    }

    Buffer<float4> device_position(position), device_next(n);
    Buffer<float3> device_velocity(velocity);
    float4 *from = device_position, *to = device_next;
    for (int i = 0; i < steps; i++) {
        step<<<divide_up(n, tile), tile>>>(n, dt, from, to, device_velocity);
        std::swap(from, to);
    }
    std::vector<float4> result = from == device_next ? device_next.read() : device_position.read();

    for (int i = 0; i < steps; i++)
        step_on_host(dt, position, velocity);
    double error = 0;
    for (int i = 0; i < n; i++) {
        error = std::fmax(error, error_of(result[i].x, position[i].x));
        error = std::fmax(error, error_of(result[i].y, position[i].y));
        error = std::fmax(error, error_of(result[i].z, position[i].z));
    }
    printf("nbody: %d bodies, %d steps, max error %.1e", n, steps, error);
    return verdict(error < 1e-4);
}
