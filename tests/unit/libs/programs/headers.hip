// Every header of ROCm's libraries beside each other.
#include <hip/hip_runtime.h>
#include <hip/hiprtc.h>
#include <hipblas/hipblas.h>
#include <hipblaslt/hipblaslt.h>
#include <hipfft/hipfft.h>
#include <hiprand/hiprand.h>
#include <hiprand/hiprand_kernel.h>
#include <hipsparse/hipsparse.h>
#include <rocblas/rocblas.h>
#include <rocrand/rocrand_kernel.h>
#include <rocsolver/rocsolver.h>

#include <cstdio>

int main()
{
    rocblas_handle handle;
    if (rocblas_create_handle(&handle) != rocblas_status_success)
        return 1;
    double a[4] = {4, 2, 2, 3}, *place;
    rocblas_int *info, found;
    if (hipMalloc(&place, sizeof a) || hipMalloc(&info, sizeof *info))
        return 2;
    hipMemcpy(place, a, sizeof a, hipMemcpyHostToDevice);
    if (rocsolver_dpotrf(handle, rocblas_fill_lower, 2, place, 2, info) != rocblas_status_success)
        return 3;
    hipMemcpy(a, place, sizeof a, hipMemcpyDeviceToHost);
    hipMemcpy(&found, info, sizeof found, hipMemcpyDeviceToHost);
    printf("%d %g %g\n", found, a[0], a[1]);
    return rocblas_destroy_handle(handle) != rocblas_status_success;
}
