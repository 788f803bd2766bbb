/* Thrust: how far iterators are apart, and moving one. */
#pragma once

#include "iterator/iterator_traits.h"

namespace thrust {

template <typename Iterator>
ANYROC_HD typename std::iterator_traits<Iterator>::difference_type distance(Iterator first,
                                                                            Iterator last)
{
    return last - first;
}
template <typename Iterator, typename N>
ANYROC_HD void advance(Iterator &i, N n)
{
    i += n;
}
template <typename Iterator>
ANYROC_HD Iterator next(Iterator i, typename std::iterator_traits<Iterator>::difference_type n = 1)
{
    return i + n;
}
template <typename Iterator>
ANYROC_HD Iterator prev(Iterator i, typename std::iterator_traits<Iterator>::difference_type n = 1)
{
    return i - n;
}

}  // namespace thrust
