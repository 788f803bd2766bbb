/* Thrust: where algorithms run. */
#pragma once

#include <type_traits>

#include <hip/hip_runtime_api.h>

#include "detail/config.h"
#include "iterator/iterator_traits.h"

namespace thrust {

template <typename Derived>
struct execution_policy {};
template <typename Derived>
struct host_execution_policy : execution_policy<Derived> {};
template <typename Derived>
struct device_execution_policy : execution_policy<Derived> {};

struct host_system_tag : host_execution_policy<host_system_tag> {};
struct any_system_tag : device_execution_policy<any_system_tag> {};

namespace detail {

/* One after another, in the thread that calls. */
struct sequential_policy : host_execution_policy<sequential_policy> {
    template <typename Allocator>
    constexpr sequential_policy operator()(const Allocator &) const
    {
        return *this;
    }
};

}  // namespace detail

/* On the device, in the order of a stream; the host waits for it unless it was told not to. */
struct device_system_tag : device_execution_policy<device_system_tag> {
    hipStream_t stream;
    bool waits;
    ANYROC_HD constexpr device_system_tag(hipStream_t s = nullptr, bool w = true)
        : stream(s), waits(w)
    {
    }
    ANYROC_HD constexpr device_system_tag on(hipStream_t s) const { return {s, waits}; }
    /* Temporary memory is HIP's, whatever allocator is offered. */
    template <typename Allocator>
    constexpr device_system_tag operator()(Allocator &&) const
    {
        return *this;
    }
};

static constexpr detail::sequential_policy host{};
static constexpr detail::sequential_policy seq{};
static constexpr device_system_tag device{};

namespace cuda {
template <typename Derived>
using execution_policy = device_execution_policy<Derived>;
using tag = device_system_tag;
static constexpr device_system_tag par{};
static constexpr device_system_tag par_nosync{nullptr, false};
}  // namespace cuda
namespace cuda_cub {
using cuda::par;
using cuda::par_nosync;
}  // namespace cuda_cub
namespace hip {
using cuda::par;
using cuda::par_nosync;
using cuda::tag;
}  // namespace hip
namespace hip_rocprim {
using cuda::par;
using cuda::par_nosync;
}  // namespace hip_rocprim
namespace cpp {
static constexpr detail::sequential_policy par{};
}
namespace omp {
static constexpr detail::sequential_policy par{};
}
namespace tbb {
static constexpr detail::sequential_policy par{};
}
namespace system {
namespace cuda {
using thrust::cuda::par;
using thrust::cuda::par_nosync;
using thrust::cuda::tag;
}  // namespace cuda
namespace hip {
using thrust::cuda::par;
using thrust::cuda::par_nosync;
}  // namespace hip
namespace cpp {
using thrust::cpp::par;
}
namespace omp {
using thrust::omp::par;
}
}  // namespace system

namespace detail {

template <typename Policy>
std::true_type derives_from_policy(const execution_policy<Policy> *);
std::false_type derives_from_policy(const void *);
template <typename T>
constexpr bool is_policy = decltype(derives_from_policy(
    static_cast<std::add_pointer_t<std::remove_reference_t<T>>>(nullptr)))::value;

template <typename T, bool = is_iterator<T>::value>
struct system_of_argument {
    using type = void;
};
template <typename T>
struct system_of_argument<T, true> : system_of<T> {};

/* The system of an algorithm that is told none: that of its iterators. */
template <typename... Arguments>
constexpr auto system_for()
{
    using System = typename common_system<typename system_of_argument<Arguments>::type...>::type;
    if constexpr (std::is_same_v<System, host_system_tag>)
        return sequential_policy();
    else
        return device_system_tag();
}

}  // namespace detail
}  // namespace thrust
