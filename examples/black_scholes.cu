// Black-Scholes: the fair price of European options, calls and puts.
//
//     black_scholes [options]

#include <cuda_runtime.h>

#include "common.h"

const float riskless = 0.02f, volatility = 0.30f;

struct Option {
    float price;  // of the share today
    float strike; // what the option lets its owner buy or sell a share for
    float years;  // until then
};

/// The share of a normal distribution below x.
template <typename Real> __host__ __device__ Real normal_below(Real x)
{
    return Real(0.5) * erfc(-x * Real(0.70710678118654752));
}

template <typename Real> __host__ __device__ void price(Option option, Real &call, Real &put)
{
    Real root = sqrt(Real(option.years));
    Real d1 = (log(Real(option.price) / Real(option.strike)) +
               (Real(riskless) + Real(0.5) * Real(volatility) * Real(volatility)) * option.years) /
              (Real(volatility) * root);
    Real d2 = d1 - Real(volatility) * root;
    Real today = option.strike * exp(-Real(riskless) * option.years);
    call = option.price * normal_below(d1) - today * normal_below(d2);
    put = today * normal_below(-d2) - option.price * normal_below(-d1);
}

__global__ void black_scholes(int n, const Option *options, float *calls, float *puts)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        price(options[i], calls[i], puts[i]);
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 1 << 19);
    std::vector<Option> options(n);
    Random random(7);
    for (Option &option : options) {
        option.price = random.uniform(5, 30);
        option.strike = random.uniform(1, 100);
        option.years = random.uniform(0.25f, 10);
    }

    Buffer<Option> device_options(options);
    Buffer<float> device_calls(n), device_puts(n);
    black_scholes<<<divide_up(n, 128), 128>>>(n, device_options, device_calls, device_puts);
    std::vector<float> calls = device_calls.read(), puts = device_puts.read();

    double error = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        double call, put;
        price(options[i], call, put);
        error = std::fmax(error, std::fmax(error_of(calls[i], call), error_of(puts[i], put)));
        sum += calls[i];
    }
    printf("black_scholes: %d options, the mean call costs %.4f, max error %.1e", n, sum / n,
           error);
    return verdict(error < 1e-4);
}
