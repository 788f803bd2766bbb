/* Thrust: complex numbers, usable on both sides. */
#pragma once

#include <cmath>
#include <complex>
#include <ostream>
#include <type_traits>

#include "detail/config.h"

namespace thrust {

template <typename T>
struct alignas(2 * sizeof(T)) complex {
    using value_type = T;

    complex() = default;
    ANYROC_HD constexpr complex(const T &re) : x(re), y(T()) {}
    ANYROC_HD constexpr complex(const T &re, const T &im) : x(re), y(im) {}
    template <typename U>
    ANYROC_HD constexpr complex(const complex<U> &z)
        : x(static_cast<T>(z.real())), y(static_cast<T>(z.imag()))
    {
    }
    template <typename U>
    complex(const std::complex<U> &z) : x(static_cast<T>(z.real())), y(static_cast<T>(z.imag()))
    {
    }
    template <typename U>
    ANYROC_HD complex &operator=(const complex<U> &z)
    {
        x = static_cast<T>(z.real());
        y = static_cast<T>(z.imag());
        return *this;
    }
    ANYROC_HD complex &operator=(const T &re)
    {
        x = re;
        y = T();
        return *this;
    }
    operator std::complex<T>() const { return std::complex<T>(x, y); }

    ANYROC_HD constexpr T real() const { return x; }
    ANYROC_HD constexpr T imag() const { return y; }
    ANYROC_HD void real(T re) { x = re; }
    ANYROC_HD void imag(T im) { y = im; }

#define ANYROC_THRUST_ASSIGN(op)                          \
    template <typename U>                                 \
    ANYROC_HD complex &operator op##=(const U &z)         \
    {                                                     \
        return *this = *this op z;                        \
    }
    ANYROC_THRUST_ASSIGN(+)
    ANYROC_THRUST_ASSIGN(-)
    ANYROC_THRUST_ASSIGN(*)
    ANYROC_THRUST_ASSIGN(/)
#undef ANYROC_THRUST_ASSIGN

private:
    T x{}, y{};
};

namespace detail {

template <typename T, typename U>
using wider = complex<std::common_type_t<T, U>>;
template <typename T>
using number = std::enable_if_t<std::is_arithmetic_v<T>, T>;

}  // namespace detail

/* An operation of two complex numbers, also where one of them is real. */
#define ANYROC_THRUST_COMPLEX(op, expression)                                              \
    template <typename T, typename U>                                                      \
    ANYROC_HD detail::wider<T, U> operator op(const complex<T> &a, const complex<U> &b)    \
    {                                                                                      \
        using C = detail::wider<T, U>;                                                     \
        using R = typename C::value_type;                                                  \
        R ax = a.real(), ay = a.imag(), bx = b.real(), by = b.imag();                      \
        expression                                                                         \
    }                                                                                      \
    template <typename T, typename U>                                                      \
    ANYROC_HD detail::wider<T, detail::number<U>> operator op(const complex<T> &a,         \
                                                              const U &b)                  \
    {                                                                                      \
        return a op complex<U>(b);                                                         \
    }                                                                                      \
    template <typename T, typename U>                                                      \
    ANYROC_HD detail::wider<detail::number<T>, U> operator op(const T &a,                  \
                                                              const complex<U> &b)         \
    {                                                                                      \
        return complex<T>(a) op b;                                                         \
    }
ANYROC_THRUST_COMPLEX(+, return C(ax + bx, ay + by);)
ANYROC_THRUST_COMPLEX(-, return C(ax - bx, ay - by);)
ANYROC_THRUST_COMPLEX(*, return C(ax *bx - ay * by, ax *by + ay * bx);)
/* Scaled by the divisor's size, so that it does not overflow early. */
ANYROC_THRUST_COMPLEX(/, R scale = std::fabs(bx) + std::fabs(by); bx /= scale; by /= scale;
                      R size = (bx * bx + by * by) * scale;
                      return C((ax * bx + ay * by) / size, (ay * bx - ax * by) / size);)
#undef ANYROC_THRUST_COMPLEX

template <typename T>
ANYROC_HD complex<T> operator+(const complex<T> &z)
{
    return z;
}
template <typename T>
ANYROC_HD complex<T> operator-(const complex<T> &z)
{
    return complex<T>(-z.real(), -z.imag());
}
template <typename T, typename U>
ANYROC_HD bool operator==(const complex<T> &a, const complex<U> &b)
{
    return a.real() == b.real() && a.imag() == b.imag();
}
template <typename T, typename U>
ANYROC_HD bool operator==(const complex<T> &a, const U &b)
{
    return a.real() == b && a.imag() == 0;
}
template <typename T, typename U>
ANYROC_HD bool operator!=(const complex<T> &a, const U &b)
{
    return !(a == b);
}

template <typename T>
ANYROC_HD T abs(const complex<T> &z)
{
    return std::hypot(z.real(), z.imag());
}
template <typename T>
ANYROC_HD T arg(const complex<T> &z)
{
    return std::atan2(z.imag(), z.real());
}
template <typename T>
ANYROC_HD T norm(const complex<T> &z)
{
    return z.real() * z.real() + z.imag() * z.imag();
}
template <typename T>
ANYROC_HD complex<T> conj(const complex<T> &z)
{
    return complex<T>(z.real(), -z.imag());
}
template <typename T>
ANYROC_HD complex<T> polar(const T &radius, const T &angle = T())
{
    return complex<T>(radius * std::cos(angle), radius * std::sin(angle));
}
template <typename T>
ANYROC_HD complex<T> proj(const complex<T> &z)
{
    if (std::isinf(z.real()) || std::isinf(z.imag()))
        return complex<T>(static_cast<T>(HUGE_VAL), std::copysign(T(0), z.imag()));
    return z;
}

template <typename T>
ANYROC_HD complex<T> exp(const complex<T> &z)
{
    return thrust::polar(static_cast<T>(std::exp(z.real())), z.imag());
}
template <typename T>
ANYROC_HD complex<T> log(const complex<T> &z)
{
    return complex<T>(std::log(thrust::abs(z)), thrust::arg(z));
}
template <typename T>
ANYROC_HD complex<T> log10(const complex<T> &z)
{
    return thrust::log(z) / T(2.302585092994045684);
}
/* The root whose real part is not negative, from the greater of its two parts. */
template <typename T>
ANYROC_HD complex<T> sqrt(const complex<T> &z)
{
    T size = thrust::abs(z);
    if (size == T(0))
        return complex<T>(T(0), z.imag());
    T part = std::sqrt((size + std::fabs(z.real())) / 2), other = z.imag() / (2 * part);
    if (z.real() >= T(0))
        return complex<T>(part, other);
    return complex<T>(std::fabs(other), std::copysign(part, z.imag()));
}
template <typename T, typename U>
ANYROC_HD detail::wider<T, U> pow(const complex<T> &z, const complex<U> &power)
{
    using C = detail::wider<T, U>;
    return thrust::exp(thrust::log(C(z)) * C(power));
}
template <typename T, typename U>
ANYROC_HD detail::wider<T, detail::number<U>> pow(const complex<T> &z, const U &power)
{
    return thrust::pow(z, complex<U>(power));
}
template <typename T, typename U>
ANYROC_HD detail::wider<detail::number<T>, U> pow(const T &z, const complex<U> &power)
{
    return thrust::pow(complex<T>(z), power);
}

template <typename T>
ANYROC_HD complex<T> sinh(const complex<T> &z)
{
    return complex<T>(std::sinh(z.real()) * std::cos(z.imag()),
                      std::cosh(z.real()) * std::sin(z.imag()));
}
template <typename T>
ANYROC_HD complex<T> cosh(const complex<T> &z)
{
    return complex<T>(std::cosh(z.real()) * std::cos(z.imag()),
                      std::sinh(z.real()) * std::sin(z.imag()));
}
template <typename T>
ANYROC_HD complex<T> tanh(const complex<T> &z)
{
    return thrust::sinh(z) / thrust::cosh(z);
}
template <typename T>
ANYROC_HD complex<T> asinh(const complex<T> &z)
{
    return thrust::log(z + thrust::sqrt(z * z + T(1)));
}
template <typename T>
ANYROC_HD complex<T> acosh(const complex<T> &z)
{
    return thrust::log(z + thrust::sqrt(z + T(1)) * thrust::sqrt(z - T(1)));
}
template <typename T>
ANYROC_HD complex<T> atanh(const complex<T> &z)
{
    return (thrust::log(T(1) + z) - thrust::log(T(1) - z)) / T(2);
}

/* The circular functions are the hyperbolic ones a quarter turned: sin z = -i sinh(i z). */
namespace detail {

template <typename T>
ANYROC_HD complex<T> turned(const complex<T> &z)
{
    return complex<T>(-z.imag(), z.real());
}
template <typename T>
ANYROC_HD complex<T> turned_back(const complex<T> &z)
{
    return complex<T>(z.imag(), -z.real());
}

}  // namespace detail

#define ANYROC_THRUST_CIRCULAR(name, hyperbolic)                                 \
    template <typename T>                                                        \
    ANYROC_HD complex<T> name(const complex<T> &z)                               \
    {                                                                            \
        return detail::turned_back(thrust::hyperbolic(detail::turned(z)));       \
    }
ANYROC_THRUST_CIRCULAR(sin, sinh)
ANYROC_THRUST_CIRCULAR(tan, tanh)
ANYROC_THRUST_CIRCULAR(asin, asinh)
ANYROC_THRUST_CIRCULAR(atan, atanh)
#undef ANYROC_THRUST_CIRCULAR
template <typename T>
ANYROC_HD complex<T> cos(const complex<T> &z)
{
    return thrust::cosh(detail::turned(z));
}
template <typename T>
ANYROC_HD complex<T> acos(const complex<T> &z)
{
    return complex<T>(T(1.570796326794896619)) - thrust::asin(z);
}

template <typename T, typename Character, typename Traits>
std::basic_ostream<Character, Traits> &operator<<(std::basic_ostream<Character, Traits> &stream,
                                                  const complex<T> &z)
{
    return stream << std::complex<T>(z.real(), z.imag());
}
template <typename T, typename Character, typename Traits>
std::basic_istream<Character, Traits> &operator>>(std::basic_istream<Character, Traits> &stream,
                                                  complex<T> &z)
{
    std::complex<T> read;
    stream >> read;
    z = read;
    return stream;
}

}  // namespace thrust
