/* Thrust: iterators as kernels use them, with plain pointers for pointers into device memory. */
#pragma once

#include <vector>

#include "../device_ptr.h"

namespace thrust {
namespace detail {

template <typename T>
struct system_of<T *> {
    using type = host_system_tag;
};

template <typename Iterator>
constexpr bool is_vector_iterator()
{
    using T = typename std::iterator_traits<Iterator>::value_type;
    if constexpr (std::is_void_v<T> || std::is_same_v<T, bool> || !std::is_object_v<T>)
        return false;
    else
        return std::is_same_v<Iterator, typename std::vector<T>::iterator> ||
               std::is_same_v<Iterator, typename std::vector<T>::const_iterator>;
}

/* Iterators made of others have a function raw() that makes one of the raw others. */
template <typename Iterator, typename = void>
struct unwrapping {
    static ANYROC_HD Iterator raw(const Iterator &i) { return i; }
};
template <typename T>
struct unwrapping<device_ptr<T>> {
    static ANYROC_HD T *raw(const device_ptr<T> &p) { return p.get(); }
};
template <typename T>
struct unwrapping<universal_ptr<T>> {
    static ANYROC_HD T *raw(const universal_ptr<T> &p) { return p.get(); }
};
template <typename Iterator>
struct unwrapping<Iterator, std::void_t<typename Iterator::made_of_others>> {
    static ANYROC_HD auto raw(const Iterator &i) { return i.raw(); }
};

template <typename Iterator>
ANYROC_HD auto raw(const Iterator &i)
{
    return unwrapping<Iterator>::raw(i);
}
template <typename Iterator>
using raw_iterator = decltype(unwrapping<Iterator>::raw(std::declval<const Iterator &>()));

/* What a kernel gets from dereferencing. */
template <typename Iterator>
using raw_reference = typename std::iterator_traits<raw_iterator<Iterator>>::reference;

}  // namespace detail
}  // namespace thrust
