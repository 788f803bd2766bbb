/* Thrust: random engines, usable on both sides. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <type_traits>

#include "../detail/config.h"

namespace thrust {
namespace random {
namespace detail {

/* a * b + c modulo m, m = 0 standing for 2^64. */
template <typename U>
ANYROC_HD U multiply_add(U a, U b, U c, U m)
{
    unsigned __int128 sum = static_cast<unsigned __int128>(a) * b + c;
    return static_cast<U>(m == 0 ? sum : sum % m);
}

template <int W>
constexpr uint64_t mask_of_bits = W == 64 ? ~uint64_t(0) : (uint64_t(1) << (W % 64)) - 1;

}  // namespace detail

template <typename U, U A, U C, U M>
class linear_congruential_engine {
public:
    using result_type = U;
    static constexpr U multiplier = A, increment = C, modulus = M;
    static constexpr U min = C == 0 ? 1 : 0, max = M - 1, default_seed = 1;

    ANYROC_HD explicit linear_congruential_engine(U s = default_seed) { seed(s); }
    ANYROC_HD void seed(U s = default_seed)
    {
        state_ = M == 0 ? s : s % M;
        if (C == 0 && state_ == 0)
            state_ = 1;
    }
    ANYROC_HD U operator()() { return state_ = detail::multiply_add<U>(A, state_, C, M); }
    /* A step is an affine function; its powers are squared. */
    ANYROC_HD void discard(unsigned long long count)
    {
        U a = A, c = C;
        for (; count; count >>= 1) {
            if (count & 1)
                state_ = detail::multiply_add<U>(a, state_, c, M);
            c = detail::multiply_add<U>(a, c, c, M);
            a = detail::multiply_add<U>(a, a, 0, M);
        }
    }
    friend ANYROC_HD bool operator==(const linear_congruential_engine &a,
                                     const linear_congruential_engine &b)
    {
        return a.state_ == b.state_;
    }
    friend ANYROC_HD bool operator!=(const linear_congruential_engine &a,
                                     const linear_congruential_engine &b)
    {
        return a.state_ != b.state_;
    }
    friend std::ostream &operator<<(std::ostream &stream, const linear_congruential_engine &e)
    {
        return stream << e.state_;
    }
    friend std::istream &operator>>(std::istream &stream, linear_congruential_engine &e)
    {
        return stream >> e.state_;
    }

private:
    U state_;
};

/* L'Ecuyer's combined Tausworthe generators are made of these: K bits, shifted by Q and S. */
template <typename U, size_t W, size_t K, size_t Q, size_t S>
class linear_feedback_shift_engine {
public:
    using result_type = U;
    static constexpr U min = 0, max = static_cast<U>(detail::mask_of_bits<W>);
    static constexpr U default_seed = 341;

    ANYROC_HD explicit linear_feedback_shift_engine(U s = default_seed) { seed(s); }
    ANYROC_HD void seed(U s = default_seed) { state_ = s; }
    ANYROC_HD U operator()()
    {
        constexpr U high = max & (max << (W - K));
        U b = (((state_ << Q) ^ state_) & max) >> (K - S);
        state_ = (((state_ & high) << S) & max) ^ b;
        return state_;
    }
    ANYROC_HD void discard(unsigned long long count)
    {
        for (; count; --count)
            (*this)();
    }

private:
    U state_;
};

template <typename A, size_t SHIFT_A, typename B, size_t SHIFT_B = 0>
class xor_combine_engine {
public:
    using result_type = typename A::result_type;
    static constexpr result_type min = 0, max = A::max | B::max;

    xor_combine_engine() = default;
    ANYROC_HD explicit xor_combine_engine(result_type s) : a_(s), b_(s) {}
    ANYROC_HD xor_combine_engine(const A &a, const B &b) : a_(a), b_(b) {}
    ANYROC_HD void seed(result_type s)
    {
        a_.seed(s);
        b_.seed(s);
    }
    ANYROC_HD result_type operator()() { return (a_() << SHIFT_A) ^ (b_() << SHIFT_B); }
    ANYROC_HD void discard(unsigned long long count)
    {
        for (; count; --count)
            (*this)();
    }

private:
    A a_;
    B b_;
};

template <typename U, size_t W, size_t S, size_t R>
class subtract_with_carry_engine {
public:
    using result_type = U;
    static constexpr U min = 0, max = static_cast<U>(detail::mask_of_bits<W>);
    static constexpr U default_seed = 19780503;

    ANYROC_HD explicit subtract_with_carry_engine(U s = default_seed) { seed(s); }
    ANYROC_HD void seed(U s = default_seed)
    {
        linear_congruential_engine<uint32_t, 40014u, 0u, 2147483563u> bits(s ? s : default_seed);
        for (U &word : words_) {
            uint64_t value = 0;
            for (size_t k = 0; k < (W + 31) / 32; ++k)
                value |= static_cast<uint64_t>(bits()) << (32 * k);
            word = static_cast<U>(value & detail::mask_of_bits<W>);
        }
        carry_ = words_[R - 1] == 0;
        at_ = 0;
    }
    ANYROC_HD U operator()()
    {
        uint64_t early = words_[(at_ + R - S) % R], late = words_[at_] + uint64_t(carry_);
        carry_ = early < late;
        words_[at_] = static_cast<U>((early - late) & detail::mask_of_bits<W>);
        U value = words_[at_];
        at_ = (at_ + 1) % R;
        return value;
    }
    ANYROC_HD void discard(unsigned long long count)
    {
        for (; count; --count)
            (*this)();
    }

private:
    U words_[R];
    unsigned int at_;
    bool carry_;
};

/* Of every P numbers the first R. */
template <typename Engine, size_t P, size_t R>
class discard_block_engine {
public:
    using result_type = typename Engine::result_type;
    static constexpr result_type min = Engine::min, max = Engine::max;

    discard_block_engine() = default;
    ANYROC_HD explicit discard_block_engine(result_type s) : engine_(s) {}
    ANYROC_HD void seed(result_type s)
    {
        engine_.seed(s);
        used_ = 0;
    }
    ANYROC_HD result_type operator()()
    {
        if (used_ == R) {
            engine_.discard(P - R);
            used_ = 0;
        }
        ++used_;
        return engine_();
    }
    ANYROC_HD void discard(unsigned long long count)
    {
        for (; count; --count)
            (*this)();
    }

private:
    Engine engine_;
    unsigned int used_ = 0;
};

using minstd_rand0 = linear_congruential_engine<uint32_t, 16807, 0, 2147483647>;
using minstd_rand = linear_congruential_engine<uint32_t, 48271, 0, 2147483647>;
using default_random_engine = minstd_rand;
using ranlux24_base = subtract_with_carry_engine<uint32_t, 24, 10, 24>;
using ranlux48_base = subtract_with_carry_engine<uint64_t, 48, 5, 12>;
using ranlux24 = discard_block_engine<ranlux24_base, 223, 23>;
using ranlux48 = discard_block_engine<ranlux48_base, 389, 11>;
using taus88 = xor_combine_engine<
    linear_feedback_shift_engine<uint32_t, 32, 31, 13, 12>, 0,
    xor_combine_engine<linear_feedback_shift_engine<uint32_t, 32, 29, 2, 4>, 0,
                       linear_feedback_shift_engine<uint32_t, 32, 28, 3, 17>, 0>,
    0>;

}  // namespace random

using random::default_random_engine;
using random::discard_block_engine;
using random::linear_congruential_engine;
using random::linear_feedback_shift_engine;
using random::minstd_rand;
using random::minstd_rand0;
using random::ranlux24;
using random::ranlux24_base;
using random::ranlux48;
using random::ranlux48_base;
using random::subtract_with_carry_engine;
using random::taus88;
using random::xor_combine_engine;

}  // namespace thrust
