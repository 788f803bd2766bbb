#pragma once

extern __device__ int counter;
extern __constant__ float scale;

__device__ float curve(float x);

struct Shape {
    __device__ virtual float area() const = 0;
};

struct Square : Shape {
    float side;
    __device__ explicit Square(float length) : side(length) {}
    __device__ float area() const override;
};

void add_ten(float *data, int n);
