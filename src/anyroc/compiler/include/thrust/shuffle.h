/* Thrust: a random order. */
#pragma once

#include <cstdint>

#include "detail/ordered.h"

namespace thrust {
namespace detail {

/* A number for each index, unlike for all seeds: mixed as in Steele's SplitMix64. */
struct mixed {
    uint64_t seed;
    ANYROC_HD uint64_t operator()(size_t i) const
    {
        uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
};
template <typename Engine>
ANYROC_HD mixed mixed_by(Engine &engine)
{
    uint64_t high = engine();
    return {(high << 32) ^ engine()};
}

}  // namespace detail

template <typename P, typename Items, typename Engine>
ANYROC_HD void shuffle(const execution_policy<P> &policy, Items first, Items last, Engine &&engine)
{
    auto run = detail::way(policy);
    size_t count = last - first;
    detail::Scratch<uint64_t, decltype(run)> order(run, count);
    detail::mixed mix = detail::mixed_by(engine);
    thrust::tabulate(policy, order.data(), order.data() + count, mix);
    thrust::sort_by_key(policy, order.data(), order.data() + count, first);
}
template <typename Items, typename Engine, std::enable_if_t<!detail::is_policy<Items>, int> = 0>
ANYROC_HD void shuffle(Items first, Items last, Engine &&engine)
{
    thrust::shuffle(detail::system_for<Items>(), first, last, engine);
}
template <typename P, typename Items, typename Out, typename Engine>
ANYROC_HD Out shuffle_copy(const execution_policy<P> &policy, Items first, Items last, Out to,
                          Engine &&engine)
{
    Out end = thrust::copy(policy, first, last, to);
    thrust::shuffle(policy, to, end, engine);
    return end;
}
template <typename Items, typename Out, typename Engine,
          std::enable_if_t<!detail::is_policy<Items>, int> = 0>
ANYROC_HD Out shuffle_copy(Items first, Items last, Out to, Engine &&engine)
{
    return thrust::shuffle_copy(detail::system_for<Items, Out>(), first, last, to, engine);
}

}  // namespace thrust
