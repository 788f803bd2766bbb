/* HIP's operators on vector types: by component, between vectors and with scalars.
 *
 * They are templates so that a program's own operators, being no templates, are preferred. */
#pragma once

#include <type_traits>

#include "anyroc/vector_types.h"

namespace anyroc {

template <typename V>
struct components : std::integral_constant<int, 0> {};

#define ANYROC_COMPONENTS(name, T, align2, align4)                         \
    template <> struct components<name##1> : std::integral_constant<int, 1> {}; \
    template <> struct components<name##2> : std::integral_constant<int, 2> {}; \
    template <> struct components<name##3> : std::integral_constant<int, 3> {}; \
    template <> struct components<name##4> : std::integral_constant<int, 4> {};
ANYROC_FOR_EACH_VECTOR(ANYROC_COMPONENTS)
#undef ANYROC_COMPONENTS

template <typename V, typename R = V>
using if_vector = std::enable_if_t<(components<V>::value > 0), R>;

template <typename V, typename S, typename R = V>
using if_scaled = std::enable_if_t<(components<V>::value > 0) && std::is_arithmetic<S>::value, R>;

}  // namespace anyroc

#define ANYROC_OPERATOR(op)                                                        \
    template <typename V>                                                          \
    ANYROC_BOTH anyroc::if_vector<V, V &> operator op##=(V &a, const V &b)         \
    {                                                                              \
        for (int i = 0; i < anyroc::components<V>::value; ++i)                     \
            (&a.x)[i] op##= (&b.x)[i];                                            \
        return a;                                                                  \
    }                                                                              \
    template <typename V, typename S>                                              \
    ANYROC_BOTH anyroc::if_scaled<V, S, V &> operator op##=(V &a, S b)             \
    {                                                                              \
        for (int i = 0; i < anyroc::components<V>::value; ++i)                     \
            (&a.x)[i] op##= static_cast<decltype(a.x)>(b);                        \
        return a;                                                                  \
    }                                                                              \
    template <typename V>                                                          \
    ANYROC_BOTH anyroc::if_vector<V> operator op(V a, const V &b)                  \
    {                                                                              \
        return a op##= b;                                                         \
    }                                                                              \
    template <typename V, typename S>                                              \
    ANYROC_BOTH anyroc::if_scaled<V, S> operator op(V a, S b)                      \
    {                                                                              \
        return a op##= b;                                                         \
    }                                                                              \
    template <typename S, typename V>                                              \
    ANYROC_BOTH anyroc::if_scaled<V, S> operator op(S a, const V &b)               \
    {                                                                              \
        V r = b;                                                                   \
        for (int i = 0; i < anyroc::components<V>::value; ++i)                     \
            (&r.x)[i] = static_cast<decltype(b.x)>(a) op(&b.x)[i];                 \
        return r;                                                                  \
    }
ANYROC_OPERATOR(+)
ANYROC_OPERATOR(-)
ANYROC_OPERATOR(*)
ANYROC_OPERATOR(/)
ANYROC_OPERATOR(%)
ANYROC_OPERATOR(&)
ANYROC_OPERATOR(|)
ANYROC_OPERATOR(^)
ANYROC_OPERATOR(<<)
ANYROC_OPERATOR(>>)
#undef ANYROC_OPERATOR

#define ANYROC_UNARY(op)                                       \
    template <typename V>                                      \
    ANYROC_BOTH anyroc::if_vector<V> operator op(V a)          \
    {                                                          \
        for (int i = 0; i < anyroc::components<V>::value; ++i) \
            (&a.x)[i] = op(&a.x)[i];                           \
        return a;                                              \
    }
ANYROC_UNARY(-)
ANYROC_UNARY(~)
ANYROC_UNARY(!)
#undef ANYROC_UNARY

#define ANYROC_STEP(op, by)                                    \
    template <typename V>                                      \
    ANYROC_BOTH anyroc::if_vector<V, V &> operator op(V &a)    \
    {                                                          \
        return a += by;                                        \
    }                                                          \
    template <typename V>                                      \
    ANYROC_BOTH anyroc::if_vector<V> operator op(V &a, int)    \
    {                                                          \
        V before = a;                                          \
        a += by;                                               \
        return before;                                         \
    }
ANYROC_STEP(++, 1)
ANYROC_STEP(--, -1)
#undef ANYROC_STEP

template <typename V>
ANYROC_BOTH anyroc::if_vector<V, bool> operator==(const V &a, const V &b)
{
    for (int i = 0; i < anyroc::components<V>::value; ++i)
        if (!((&a.x)[i] == (&b.x)[i]))
            return false;
    return true;
}

template <typename V>
ANYROC_BOTH anyroc::if_vector<V, bool> operator!=(const V &a, const V &b)
{
    return !(a == b);
}

/* A scalar is compared with every component. */
template <typename V, typename S>
ANYROC_BOTH anyroc::if_scaled<V, S, bool> operator==(const V &a, S b)
{
    for (int i = 0; i < anyroc::components<V>::value; ++i)
        if (!((&a.x)[i] == static_cast<decltype(a.x)>(b)))
            return false;
    return true;
}

template <typename V, typename S>
ANYROC_BOTH anyroc::if_scaled<V, S, bool> operator==(S a, const V &b)
{
    return b == a;
}

template <typename V, typename S>
ANYROC_BOTH anyroc::if_scaled<V, S, bool> operator!=(const V &a, S b)
{
    return !(a == b);
}

template <typename V, typename S>
ANYROC_BOTH anyroc::if_scaled<V, S, bool> operator!=(S a, const V &b)
{
    return !(b == a);
}
