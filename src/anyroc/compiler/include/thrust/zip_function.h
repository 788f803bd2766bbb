/* Thrust: a function of several arguments as one of a tuple. */
#pragma once

#include "tuple.h"

namespace thrust {

template <typename F>
class zip_function {
public:
    ANYROC_HD explicit zip_function(F f) : function_(f) {}
    template <typename Tuple>
    ANYROC_HD decltype(auto) operator()(Tuple &&arguments) const
    {
        return spread(arguments,
                      std::make_index_sequence<std::tuple_size<std::decay_t<Tuple>>::value>());
    }

private:
    template <typename Tuple, size_t... K>
    ANYROC_HD decltype(auto) spread(Tuple &arguments, std::index_sequence<K...>) const
    {
        return function_(thrust::get<K>(arguments)...);
    }
    mutable F function_;
};

template <typename F>
ANYROC_HD zip_function<std::decay_t<F>> make_zip_function(F &&f)
{
    return zip_function<std::decay_t<F>>(f);
}

}  // namespace thrust
