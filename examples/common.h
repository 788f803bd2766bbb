// What the examples share: an error check, device buffers, arguments, a verdict and a PNG writer.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#define CHECK(call)                                                                              \
    do {                                                                                         \
        cudaError_t status = (call);                                                             \
        if (status != cudaSuccess) {                                                             \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                        \
                    cudaGetErrorString(status));                                                 \
            exit(EXIT_FAILURE);                                                                  \
        }                                                                                        \
    } while (0)

/// An array in device memory that frees itself.
template <typename T> class Buffer {
public:
    /// Every byte starts as 0xFF (a NaN, or -1), so that a result nobody wrote cannot look right.
    explicit Buffer(size_t count) : count_(count)
    {
        CHECK(cudaMalloc((void **)&data_, bytes()));
        CHECK(cudaMemset(data_, 0xFF, bytes()));
    }

    explicit Buffer(const std::vector<T> &host) : count_(host.size())
    {
        CHECK(cudaMalloc((void **)&data_, bytes()));
        CHECK(cudaMemcpy(data_, host.data(), bytes(), cudaMemcpyHostToDevice));
    }

    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { cudaFree(data_); }

    operator T *() const { return data_; }
    size_t bytes() const { return count_ * sizeof(T); }

    /// Waits for the kernels before it and returns a copy in host memory.
    std::vector<T> read() const
    {
        CHECK(cudaGetLastError());
        std::vector<T> host(count_);
        CHECK(cudaMemcpy(host.data(), data_, bytes(), cudaMemcpyDeviceToHost));
        return host;
    }

private:
    T *data_ = nullptr;
    size_t count_;
};

inline int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/// The `index`-th command line argument as a positive number, or `otherwise` if it was not given.
inline int argument(int argc, char **argv, int index, int otherwise)
{
    if (index >= argc)
        return otherwise;
    int value = atoi(argv[index]);
    if (value <= 0) {
        fprintf(stderr, "argument %d must be a positive number, not '%s'\n", index, argv[index]);
        exit(EXIT_FAILURE);
    }
    return value;
}

/// |actual - expected|, relative to `expected` where that is larger than 1; infinite for a NaN.
inline double error_of(double actual, double expected)
{
    double error = std::fabs(actual - expected) / std::fmax(1.0, std::fabs(expected));
    return std::isnan(error) ? INFINITY : error;
}

template <typename A, typename E>
double max_error(const std::vector<A> &actual, const std::vector<E> &expected)
{
    double worst = 0;
    for (size_t i = 0; i < expected.size(); i++)
        worst = std::fmax(worst, error_of(actual[i], expected[i]));
    return worst;
}

/// Whether two pixels differ by more than the last bit of a logarithm or a cosine explains.
inline bool differ(uchar3 a, uchar3 b)
{
    return abs(a.x - b.x) > 1 || abs(a.y - b.y) > 1 || abs(a.z - b.z) > 1;
}

/// Ends the line an example has begun, and is its exit code.
inline int verdict(bool passed)
{
    printf(", %s\n", passed ? "PASSED" : "FAILED");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Numbers in [0, 1) that are the same everywhere.
class Random {
public:
    explicit Random(uint32_t seed) : state_(seed) {}

    uint32_t bits()
    {
        state_ = state_ * 1664525u + 1013904223u;
        return state_ >> 8;
    }

    float uniform() { return bits() / 16777216.0f; }
    float uniform(float low, float high) { return low + (high - low) * uniform(); }

private:
    uint32_t state_;
};

/// A PNG file of 8-bit RGB pixels, stored without compression (RFC 1950 and 1951, PNG 1.2).
class Png {
public:
    Png(int width, int height, const std::vector<uchar3> &pixels)
    {
        for (uint32_t n = 0; n < 256; n++) {
            uint32_t c = n;
            for (int k = 0; k < 8; k++)
                c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
            crc_table_[n] = c;
        }
        file_ = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

        std::vector<uint8_t> header;
        big_endian(header, width);
        big_endian(header, height);
        header.insert(header.end(), {8, 2, 0, 0, 0}); // 8 bits, RGB, no filter, not interlaced
        chunk("IHDR", header);

        std::vector<uint8_t> rows;
        for (int y = 0; y < height; y++) {
            rows.push_back(0);
            for (int x = 0; x < width; x++) {
                uchar3 pixel = pixels[size_t(y) * width + x];
                rows.insert(rows.end(), {pixel.x, pixel.y, pixel.z});
            }
        }
        chunk("IDAT", zlib_stored(rows));
        chunk("IEND", {});
    }

    bool write(const char *path) const
    {
        FILE *out = fopen(path, "wb");
        if (!out)
            return false;
        size_t written = fwrite(file_.data(), 1, file_.size(), out);
        return fclose(out) == 0 && written == file_.size();
    }

private:
    static void big_endian(std::vector<uint8_t> &out, uint32_t value)
    {
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(uint8_t(value >> shift));
    }

    static std::vector<uint8_t> zlib_stored(const std::vector<uint8_t> &data)
    {
        std::vector<uint8_t> out = {0x78, 0x01};
        uint32_t a = 1, b = 0; // Adler-32
        for (size_t start = 0; start < data.size(); start += 65535) {
            size_t length = data.size() - start < 65535 ? data.size() - start : 65535;
            uint8_t last = start + length == data.size();
            uint8_t low = length & 255, high = uint8_t(length >> 8);
            out.insert(out.end(), {last, low, high, uint8_t(~low), uint8_t(~high)});
            out.insert(out.end(), data.begin() + start, data.begin() + start + length);
        }
        for (uint8_t byte : data) {
            a = (a + byte) % 65521;
            b = (b + a) % 65521;
        }
        big_endian(out, b << 16 | a);
        return out;
    }

    void chunk(const char *type, const std::vector<uint8_t> &data)
    {
        big_endian(file_, uint32_t(data.size()));
        size_t start = file_.size();
        file_.insert(file_.end(), type, type + 4);
        file_.insert(file_.end(), data.begin(), data.end());
        uint32_t crc = 0xFFFFFFFFu;
        for (size_t i = start; i < file_.size(); i++)
            crc = crc_table_[(crc ^ file_[i]) & 255] ^ (crc >> 8);
        big_endian(file_, ~crc);
    }

    std::vector<uint8_t> file_;
    uint32_t crc_table_[256];
};
