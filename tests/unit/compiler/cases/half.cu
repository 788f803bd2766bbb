#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <cstdio>
__global__ void k(half*a, half2*b, __nv_bfloat16*c, float*f){
 int i=threadIdx.x; half h=__float2half(f[i]); h = h*__half(2.0f)+a[i]; a[i]=hexp(__hfma(h,h,a[i])); if (__hgt(h,a[i])) a[i]=h;
 b[i]=__hadd2(b[i],__half2half2(h)); b[i]=h2sqrt(b[i]); f[i]=__half2float(h)+__low2float(b[i])+ (float)c[i]; c[i]=__float2bfloat16(f[i]); c[i]=c[i]*c[i]+hexp(c[i]);
 atomicAdd(&b[0], b[i]); atomicAdd(&a[0],a[i]); atomicAdd(&c[0],c[i]); h += __float2half(1.f); h = __shfl_xor_sync(~0u,h,1); a[i]=h; a[i] = __hmax(a[i],h); f[i] += __half2int_rn(h);
 if (h > half(0.5f)) a[i] = -h; a[i] = __hmin(a[i], h); half x = 3; x = 0.5;
}
int main(){ half h=__float2half(1.5f); printf("%f %f\n", __half2float(h), (float)__float2bfloat16(3.14159f)); k<<<1,1>>>(0,0,0,0); }
