/* Thrust: distributions, usable on both sides. */
#pragma once

#include <cmath>

#include "../pair.h"
#include "engines.h"

namespace thrust {
namespace random {
namespace detail {

template <typename Distribution, typename T>
class two_parameters {
public:
    using result_type = T;
    using param_type = thrust::pair<T, T>;
    ANYROC_HD two_parameters(T a, T b) : parameters_(a, b) {}
    ANYROC_HD void reset() {}
    ANYROC_HD param_type param() const { return parameters_; }
    ANYROC_HD void param(const param_type &p) { parameters_ = p; }
    template <typename Engine>
    ANYROC_HD T operator()(Engine &engine)
    {
        return (*this)(engine, parameters_);
    }
    template <typename Engine>
    ANYROC_HD T operator()(Engine &engine, const param_type &p)
    {
        return Distribution::draw(engine, p.first, p.second);
    }

protected:
    param_type parameters_;
};

/* From 0 up to, but not, 1. */
template <typename T, typename Engine>
ANYROC_HD T unit(Engine &engine)
{
    T width = T(1) + static_cast<T>(Engine::max - Engine::min);
    return static_cast<T>(engine() - Engine::min) / width;
}

}  // namespace detail

template <typename T = double>
class uniform_real_distribution
    : public detail::two_parameters<uniform_real_distribution<T>, T> {
    using base = detail::two_parameters<uniform_real_distribution<T>, T>;

public:
    ANYROC_HD explicit uniform_real_distribution(T a = 0, T b = 1) : base(a, b) {}
    ANYROC_HD explicit uniform_real_distribution(const typename base::param_type &p)
        : base(p.first, p.second)
    {
    }
    ANYROC_HD T a() const { return this->parameters_.first; }
    ANYROC_HD T b() const { return this->parameters_.second; }
    ANYROC_HD T min() const { return a(); }
    ANYROC_HD T max() const { return b(); }
    template <typename Engine>
    static ANYROC_HD T draw(Engine &engine, T a, T b)
    {
        return detail::unit<T>(engine) * (b - a) + a;
    }
};

/* Both ends can come. */
template <typename T = int>
class uniform_int_distribution : public detail::two_parameters<uniform_int_distribution<T>, T> {
    using base = detail::two_parameters<uniform_int_distribution<T>, T>;

public:
    ANYROC_HD explicit uniform_int_distribution(
        T a = 0, T b = static_cast<T>(~std::make_unsigned_t<T>(0) >> std::is_signed_v<T>))
        : base(a, b)
    {
    }
    ANYROC_HD explicit uniform_int_distribution(const typename base::param_type &p)
        : base(p.first, p.second)
    {
    }
    ANYROC_HD T a() const { return this->parameters_.first; }
    ANYROC_HD T b() const { return this->parameters_.second; }
    ANYROC_HD T min() const { return a(); }
    ANYROC_HD T max() const { return b(); }
    template <typename Engine>
    static ANYROC_HD T draw(Engine &engine, T a, T b)
    {
        double width = static_cast<double>(b) - static_cast<double>(a) + 1;
        return static_cast<T>(std::floor(detail::unit<double>(engine) * width +
                                         static_cast<double>(a)));
    }
};

template <typename T = double>
class normal_distribution : public detail::two_parameters<normal_distribution<T>, T> {
    using base = detail::two_parameters<normal_distribution<T>, T>;

public:
    ANYROC_HD explicit normal_distribution(T mean = 0, T deviation = 1) : base(mean, deviation) {}
    ANYROC_HD explicit normal_distribution(const typename base::param_type &p)
        : base(p.first, p.second)
    {
    }
    ANYROC_HD T mean() const { return this->parameters_.first; }
    ANYROC_HD T stddev() const { return this->parameters_.second; }
    /* Of Box and Muller's two values the first, so that nothing is kept between calls. */
    template <typename Engine>
    static ANYROC_HD T draw(Engine &engine, T mean, T deviation)
    {
        T radius = std::sqrt(T(-2) * std::log(T(1) - detail::unit<T>(engine)));
        T angle = T(6.283185307179586477) * detail::unit<T>(engine);
        return mean + deviation * radius * std::cos(angle);
    }
};

}  // namespace random

using random::normal_distribution;
using random::uniform_int_distribution;
using random::uniform_real_distribution;

}  // namespace thrust
