/* Thrust: what iterators say about themselves, and in whose memory they point. */
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include "../detail/config.h"

namespace thrust {

using std::iterator_traits;

struct use_default {};

/* Whose memory it is: the host's, the device's, or none in particular. */
struct host_system_tag;
struct device_system_tag;
struct any_system_tag;

struct incrementable_traversal_tag {};
struct single_pass_traversal_tag : incrementable_traversal_tag {};
struct forward_traversal_tag : single_pass_traversal_tag {};
struct bidirectional_traversal_tag : forward_traversal_tag {};
struct random_access_traversal_tag : bidirectional_traversal_tag {};

using std::bidirectional_iterator_tag;
using std::forward_iterator_tag;
using std::input_iterator_tag;
using std::output_iterator_tag;
using std::random_access_iterator_tag;
using random_access_host_iterator_tag = std::random_access_iterator_tag;
using random_access_device_iterator_tag = std::random_access_iterator_tag;

template <typename Iterator>
struct iterator_value {
    using type = typename std::iterator_traits<Iterator>::value_type;
};
template <typename Iterator>
struct iterator_reference {
    using type = typename std::iterator_traits<Iterator>::reference;
};
template <typename Iterator>
struct iterator_pointer {
    using type = typename std::iterator_traits<Iterator>::pointer;
};
template <typename Iterator>
struct iterator_difference {
    using type = typename std::iterator_traits<Iterator>::difference_type;
};
template <typename Iterator>
struct iterator_traversal {
    using type = random_access_traversal_tag;
};
template <typename Iterator>
using iterator_value_t = typename iterator_value<Iterator>::type;
template <typename Iterator>
using iterator_reference_t = typename iterator_reference<Iterator>::type;
template <typename Iterator>
using iterator_difference_t = typename iterator_difference<Iterator>::type;

namespace detail {

/* Our iterators name their system; those of others point into the host's memory. */
template <typename Iterator, typename = void>
struct system_of {
    using type = host_system_tag;
};
template <typename Iterator>
struct system_of<Iterator, std::void_t<typename Iterator::iterator_system>> {
    using type = typename Iterator::iterator_system;
};

/* The device's if any is the device's, and without any the device's too. */
template <typename... Systems>
struct common_system {
    static constexpr bool device = (std::is_same_v<Systems, device_system_tag> || ...);
    static constexpr bool host = (std::is_same_v<Systems, host_system_tag> || ...);
    using type =
        std::conditional_t<device, device_system_tag,
                           std::conditional_t<host, host_system_tag, any_system_tag>>;
};

template <typename T, typename = void>
struct is_iterator : std::false_type {};
template <typename T>
struct is_iterator<T, std::void_t<typename std::iterator_traits<T>::iterator_category>>
    : std::true_type {};

template <typename T, typename Otherwise>
using or_default = std::conditional_t<std::is_same_v<T, use_default>, Otherwise, T>;

/* What f gives for arguments of these types; it may be a function of either side. */
template <typename F, typename... A>
struct call {
    static ANYROC_HD decltype(auto) made(F &f, A... arguments)
    {
        return f(static_cast<A>(arguments)...);
    }
};
template <typename F, typename... A>
using result_of = decltype(call<F, A...>::made(std::declval<F &>(), std::declval<A>()...));

}  // namespace detail

template <typename Iterator>
struct iterator_system {
    using type = typename detail::system_of<Iterator>::type;
};

}  // namespace thrust
