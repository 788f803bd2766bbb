/* Thrust: copies, which may lead from one memory to the other. */
#pragma once

#include <algorithm>
#include <vector>

#include "elementwise.h"

namespace thrust {
namespace detail {

/* The elements' address where they lie side by side in memory, else nothing to copy by. */
template <typename Iterator>
constexpr bool lies_flat = std::is_pointer_v<raw_iterator<Iterator>> ||
                           is_vector_iterator<Iterator>();
template <typename Iterator>
auto address_of(Iterator i)
{
    if constexpr (std::is_pointer_v<raw_iterator<Iterator>>)
        return raw(i);
    else
        return &*i;
}

template <typename Iterator, typename T>
constexpr bool takes_bytes_of()
{
    if constexpr (lies_flat<Iterator>)
        return std::is_same_v<value_of<Iterator>, T>;
    else
        return false;
}

template <typename Iterator>
constexpr bool on_host = std::is_same_v<typename system_of<Iterator>::type, host_system_tag>;

template <typename T>
void copy_bytes(T *to, const T *from, size_t count)
{
    if (count > 0)
        check(hipMemcpy(const_cast<std::remove_cv_t<T> *>(to), from, count * sizeof(T),
                        hipMemcpyDefault));
}

template <typename In, typename Out>
Out copy_across(In first, In last, Out to)
{
    using From = value_of<In>;
    size_t count = std::distance(first, last);
    if constexpr (!on_host<In>) {
        /* To the host: through the device's memory and the host's where they do not lie flat. */
        Parallel run{nullptr, true};
        if (count == 0)
            return to;
        constexpr bool straight = takes_bytes_of<Out, From>();
        std::vector<typename std::aligned_storage<sizeof(From), alignof(From)>::type> buffer;
        From *host;
        if constexpr (straight) {
            host = address_of(to);
        } else {
            buffer.resize(count);
            host = reinterpret_cast<From *>(buffer.data());
        }
        if constexpr (lies_flat<In>) {
            copy_bytes(host, static_cast<const From *>(raw(first)), count);
        } else {
            Scratch<From, Parallel> staged(run, count);
            thrust::copy(device, first, last, device_ptr<From>(staged.data()));
            copy_bytes(host, static_cast<const From *>(staged.data()), count);
        }
        if constexpr (straight)
            return to + count;
        else
            return std::copy(host, host + count, to);
    } else {
        using To = value_of<raw_iterator<Out>>;
        using Stored = std::conditional_t<lies_flat<Out>, To, From>;
        if (count == 0)
            return to;
        const Stored *host;
        std::vector<typename std::aligned_storage<sizeof(Stored), alignof(Stored)>::type> buffer;
        if constexpr (takes_bytes_of<In, Stored>()) {
            host = address_of(first);
        } else {
            buffer.resize(count);
            Stored *next = reinterpret_cast<Stored *>(buffer.data());
            host = next;
            for (; first != last; ++first)
                ::new (static_cast<void *>(next++)) Stored(static_cast<Stored>(*first));
        }
        if constexpr (lies_flat<Out>) {
            copy_bytes(raw(to), host, count);
        } else {
            Parallel run{nullptr, true};
            Scratch<Stored, Parallel> staged(run, count);
            copy_bytes(staged.data(), host, count);
            device_ptr<Stored> from(staged.data());
            thrust::copy(device, from, from + count, to);
        }
        return to + count;
    }
}

template <typename In, typename Out>
__host__ auto copy_anywhere(In first, In last, Out to)
{
    using From = typename system_of<In>::type;
    using To = typename system_of<Out>::type;
    if constexpr (!on_host<In> && !on_host<Out>)
        return thrust::copy(device, first, last, to);
    else if constexpr (std::is_same_v<From, To> || std::is_same_v<From, any_system_tag> ||
                       std::is_same_v<To, any_system_tag>)
        return std::copy(first, last, to);
    else
        return copy_across(first, last, to);
}

}  // namespace detail

template <typename In, typename Out, std::enable_if_t<!detail::is_policy<In>, int> = 0>
ANYROC_HD Out copy(In first, In last, Out to)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(detail::copy_anywhere(first, last, to));
    for (; first != last; ++first, ++to)
        *to = *first;
    return to;
#else
    return detail::copy_anywhere(first, last, to);
#endif
}
template <typename In, typename N, typename Out,
          std::enable_if_t<!detail::is_policy<In>, int> = 0>
ANYROC_HD Out copy_n(In first, N count, Out to)
{
    In last = first;
    for (N i = 0; i < count; ++i)
        ++last;
    return thrust::copy(first, last, to);
}

}  // namespace thrust
