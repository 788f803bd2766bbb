// One kernel of INSTRUCTIONS instructions without a branch, a mix of common ones.
#ifndef INSTRUCTIONS
#define INSTRUCTIONS 1000
#endif
#define TEXT(n) #n
#define TIMES(n) ".rept " TEXT(n) " / 10\n"

__global__ void large(float *data)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float x = data[i], y = 1, z = 2;
    int a = i, b = 3, s = 5;
    asm volatile(TIMES(INSTRUCTIONS)
                 "v_fma_f32 %0, %1, %2, %0\n"
                 "v_add_u32 %3, %3, %4\n"
                 "v_mul_f32 %1, %1, %0\n"
                 "s_add_i32 %5, %5, 7\n"
                 "v_lshlrev_b32 %4, 1, %3\n"
                 "v_max_f32 %2, %2, %1\n"
                 "v_xor_b32 %3, %3, %5\n"
                 "v_add_f32 %0, -%0, %2\n"
                 "s_lshl_b32 %5, %5, 1\n"
                 "v_cvt_f32_i32 %1, %3\n"
                 ".endr\n"
                 : "+v"(x), "+v"(y), "+v"(z), "+v"(a), "+v"(b), "+s"(s)::"scc");
    data[i] = x + y + z + float(a ^ b ^ s);
}

int main()
{
    return 0;
}
