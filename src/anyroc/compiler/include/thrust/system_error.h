/* Thrust: what its functions throw where HIP fails. */
#pragma once

#include <new>
#include <string>
#include <system_error>

#include <hip/hip_runtime_api.h>

#include "detail/config.h"

namespace thrust {

using std::errc;
using std::error_category;
using std::error_code;
using std::error_condition;
using std::generic_category;
using std::system_category;
using std::system_error;

namespace detail {

struct device_errors : std::error_category {
    const char *name() const noexcept override { return "device"; }
    std::string message(int error) const override
    {
        return hipGetErrorString(static_cast<hipError_t>(error));
    }
};

}  // namespace detail

inline const std::error_category &cuda_category()
{
    static detail::device_errors errors;
    return errors;
}
inline const std::error_category &hip_category() { return cuda_category(); }

namespace detail {

inline void check(hipError_t error)
{
    if (error == hipErrorOutOfMemory)
        throw std::bad_alloc();
    if (error != hipSuccess)
        throw std::system_error(static_cast<int>(error), cuda_category());
}

}  // namespace detail

namespace system {
using thrust::cuda_category;
using thrust::hip_category;
using std::error_category;
using std::error_code;
using std::system_error;
namespace detail {
using std::bad_alloc;
}
}  // namespace system

}  // namespace thrust
