// Loads of gfx12 that transpose: 8 lanes load the rows of 8 columns, each gets a column.
#include <cstdio>
#include <hip/hip_runtime.h>

using short8v = short __attribute__((ext_vector_type(8)));
using int2v = int __attribute__((ext_vector_type(2)));
template <typename T> using in_memory = __attribute__((address_space(1))) T;

__global__ void transpose(const short *halves, const unsigned char *bytes, short *wide,
                          unsigned char *narrow)
{
#ifdef __GFX12__
    unsigned lane = threadIdx.x;
    short8v h = __builtin_amdgcn_global_load_tr_b128_v8i16((in_memory<short8v> *)(halves + 8 * lane));
    __builtin_memcpy(wide + 8 * lane, &h, sizeof h);
    int2v b = __builtin_amdgcn_global_load_tr_b64_v2i32((in_memory<int2v> *)(bytes + 8 * lane));
    __builtin_memcpy(narrow + 8 * lane, &b, sizeof b);
#endif
}

int main()
{
    short *halves, *wide;
    unsigned char *bytes, *narrow;
    (void)hipMallocManaged(&halves, 512);
    (void)hipMallocManaged(&wide, 512);
    (void)hipMallocManaged(&bytes, 256);
    (void)hipMallocManaged(&narrow, 256);
    for (int i = 0; i < 256; ++i) halves[i] = (short)(1000 + i), bytes[i] = (unsigned char)(7 * i);
    transpose<<<1, 32>>>(halves, bytes, wide, narrow);
    if (hipDeviceSynchronize() != hipSuccess) return 1;
    int wrong = 0;
    for (int block = 0; block < 256; block += 64)
        for (int row = 0; row < 8; ++row)
            for (int column = 0; column < 8; ++column) {
                wrong += wide[block + 8 * column + row] != halves[block + 8 * row + column];
                wrong += narrow[block + 8 * column + row] != bytes[block + 8 * row + column];
            }
    puts(wrong ? "FAIL" : "PASS");
    return wrong != 0;
}
