/* Thrust: several sequences as one of tuples. */
#pragma once

#include "../detail/raw.h"
#include "../tuple.h"

namespace thrust {

template <typename Iterators>
class zip_iterator;

template <typename... I>
class zip_iterator<tuple<I...>>
    : public iterator_facade<
          zip_iterator<tuple<I...>>, tuple<typename std::iterator_traits<I>::value_type...>,
          typename detail::common_system<typename detail::system_of<I>::type...>::type,
          random_access_traversal_tag, tuple<typename std::iterator_traits<I>::reference...>> {
    friend class iterator_core_access;
    using references = tuple<typename std::iterator_traits<I>::reference...>;
    using indices = std::index_sequence_for<I...>;

public:
    using made_of_others = void;
    zip_iterator() = default;
    ANYROC_HD zip_iterator(const tuple<I...> &iterators) : iterators_(iterators) {}
    ANYROC_HD explicit zip_iterator(const I &...iterators) : iterators_(iterators...) {}
    template <typename... J, std::enable_if_t<sizeof...(J) == sizeof...(I) &&
                                                  (std::is_convertible_v<J, I> && ...),
                                              int> = 0>
    ANYROC_HD zip_iterator(const zip_iterator<tuple<J...>> &other)
        : iterators_(other.get_iterator_tuple())
    {
    }
    ANYROC_HD const tuple<I...> &get_iterator_tuple() const { return iterators_; }
    ANYROC_HD auto raw() const { return raw_of(indices()); }

private:
    template <size_t... K>
    ANYROC_HD auto raw_of(std::index_sequence<K...>) const
    {
        return zip_iterator<tuple<detail::raw_iterator<I>...>>(
            tuple<detail::raw_iterator<I>...>(detail::raw(thrust::get<K>(iterators_))...));
    }
    template <size_t... K>
    ANYROC_HD references all(std::index_sequence<K...>) const
    {
        return references(*thrust::get<K>(iterators_)...);
    }
    template <size_t... K>
    ANYROC_HD void move(std::ptrdiff_t n, std::index_sequence<K...>)
    {
        ((thrust::get<K>(iterators_) = thrust::get<K>(iterators_) + n), ...);
    }
    ANYROC_HD references dereference() const { return all(indices()); }
    ANYROC_HD bool equal(const zip_iterator &other) const
    {
        return thrust::get<0>(iterators_) == thrust::get<0>(other.iterators_);
    }
    ANYROC_HD void increment() { advance(1); }
    ANYROC_HD void decrement() { advance(-1); }
    ANYROC_HD void advance(std::ptrdiff_t n) { move(n, indices()); }
    ANYROC_HD std::ptrdiff_t distance_to(const zip_iterator &other) const
    {
        return thrust::get<0>(other.iterators_) - thrust::get<0>(iterators_);
    }

    tuple<I...> iterators_;
};

template <typename... I>
zip_iterator(tuple<I...>) -> zip_iterator<tuple<I...>>;

template <typename... I>
ANYROC_HD zip_iterator<tuple<I...>> make_zip_iterator(const tuple<I...> &iterators)
{
    return zip_iterator<tuple<I...>>(iterators);
}
template <typename First, typename... I,
          std::enable_if_t<!detail::is_tuple<First>::value, int> = 0>
ANYROC_HD zip_iterator<tuple<First, I...>> make_zip_iterator(First first, I... others)
{
    return zip_iterator<tuple<First, I...>>(tuple<First, I...>(first, others...));
}

}  // namespace thrust
