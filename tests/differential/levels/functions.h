// Functions that give the same bits on any machine and at any optimisation level: calls of all kinds,
// recursion, big and dynamic stacks, spills, and arithmetic without contraction.
#pragma once
#include <stdint.h>

#ifndef FUNCTION
#define FUNCTION __host__ __device__ __attribute__((noinline))
#endif

typedef uint64_t u64;
typedef uint32_t u32;

FUNCTION u64 mix(u64 x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 29;
  return x * 0xc4ceb9fe1a85ec53ull;
}
FUNCTION u64 bits_of(double v) {
  u64 word;
  __builtin_memcpy(&word, &v, 8);
  return v != v ? 1 : word;
}
FUNCTION u64 bits_of(float v) {
  u32 word;
  __builtin_memcpy(&word, &v, 4);
  return v != v ? 1 : word;
}
// Ordinary numbers made of an argument.
FUNCTION float single(u64 x) { return static_cast<float>(static_cast<int>(mix(x) & 0xffff) - 32768) / 512.0f; }
FUNCTION double precise(u64 x) { return static_cast<double>(static_cast<int64_t>(mix(x) >> 20)) / 4294967296.0; }

// Recursion.

FUNCTION u64 fibonacci(u64 x) { return x < 2 ? x : fibonacci(x - 1) + fibonacci(x - 2); }
FUNCTION u64 f_fibonacci(u64 x) { return fibonacci(x % 13); }
FUNCTION u64 ackermann(u64 m, u64 n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
FUNCTION u64 f_ackermann(u64 x) { return ackermann(x % 3, x % 4); }
FUNCTION u64 gcd(u64 a, u64 b) { return b ? gcd(b, a % b) : a; }
FUNCTION u64 f_gcd(u64 x) { return gcd(mix(x) >> 40, mix(x + 1) >> 40); }
FUNCTION u64 hanoi(int n, int from, int to) {
  return n == 0 ? 0 : hanoi(n - 1, from, 6 - from - to) * 3 + from * 2 + to + hanoi(n - 1, 6 - from - to, to);
}
FUNCTION u64 f_hanoi(u64 x) { return hanoi(x % 7, 1, 3); }
FUNCTION bool is_odd(u32 n);
FUNCTION bool is_even(u32 n) { return n == 0 || is_odd(n - 1); }
FUNCTION bool is_odd(u32 n) { return n != 0 && is_even(n - 1); }
FUNCTION u64 f_mutual(u64 x) { return is_even(x % 37) * 2 + is_odd(x % 29); }
FUNCTION u64 deep(u32 n, u64 x) {
  u32 frame[24];
  for (u32 i = 0; i < 24; ++i) frame[i] = static_cast<u32>(mix(x + i));
  u64 inner = n ? deep(n - 1, x + frame[n % 24]) : x;
  u64 sum = inner;
  for (u32 i = 0; i < 24; ++i) sum = sum * 31 + frame[(i + inner) % 24];
  return sum;
}
FUNCTION u64 f_deep(u64 x) { return deep(x % 16, x); }
FUNCTION int queens(int n, u32 columns, u32 left, u32 right) {
  u32 all = (1u << n) - 1, free = all & ~(columns | left | right);
  if (columns == all) return 1;
  int count = 0;
  while (free) {
    u32 bit = free & -free;
    free ^= bit;
    count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}
FUNCTION u64 f_queens(u64 x) { return queens(4 + x % 3, 0, 0, 0); }
FUNCTION void permute(int* items, int n, u64* hash) {
  if (n == 1) *hash = *hash * 33 + items[0] * 100 + items[1] * 10 + items[2];
  for (int i = 0; n > 1 && i < n; ++i) {
    permute(items, n - 1, hash);
    int at = n % 2 ? 0 : i, kept = items[at];
    items[at] = items[n - 1];
    items[n - 1] = kept;
  }
}
FUNCTION u64 f_permute(u64 x) {
  int items[5] = {static_cast<int>(x % 10), 2, 3, 4, 5};
  u64 hash = 5381;
  permute(items, 3 + x % 3, &hash);
  return hash;
}
FUNCTION u64 tail(u64 n, u64 sum) { return n == 0 ? sum : tail(n - 1, sum * 3 + n); }
FUNCTION u64 f_tail(u64 x) { return tail(x % 40, x); }

// Stacks: arrays, dynamic allocation, more live values than registers.

FUNCTION void sort(int* v, int low, int high) {
  if (low >= high) return;
  int pivot = v[(low + high) / 2], i = low, j = high;
  while (i <= j) {
    while (v[i] < pivot) ++i;
    while (v[j] > pivot) --j;
    if (i <= j) {
      int kept = v[i];
      v[i++] = v[j];
      v[j--] = kept;
    }
  }
  sort(v, low, j);
  sort(v, i, high);
}
FUNCTION u64 f_quicksort(u64 x) {
  int v[64];
  for (int i = 0; i < 64; ++i) v[i] = static_cast<int>(mix(x + i) >> 45);
  sort(v, 0, 63);
  u64 hash = 0;
  for (int i = 0; i < 64; ++i) hash = hash * 31 + v[i];
  return hash;
}
FUNCTION u64 f_insertion_sort(u64 x) {
  short v[24];
  for (int i = 0; i < 24; ++i) v[i] = static_cast<short>(mix(x * 24 + i));
  for (int i = 1; i < 24; ++i)
    for (int j = i; j > 0 && v[j - 1] > v[j]; --j) {
      short kept = v[j];
      v[j] = v[j - 1];
      v[j - 1] = kept;
    }
  u64 hash = 7;
  for (int i = 0; i < 24; ++i) hash = hash * 17 + static_cast<unsigned short>(v[i]);
  return hash;
}
FUNCTION u64 f_heap_sort(u64 x) {
  u32 v[40];
  int n = 20 + x % 20;
  for (int i = 0; i < n; ++i) v[i] = static_cast<u32>(mix(x ^ i << 8));
  for (int start = n / 2 - 1, end = n; end > 1;) {
    if (start >= 0) {
      --start;
    } else {
      --end;
      u32 kept = v[0];
      v[0] = v[end];
      v[end] = kept;
    }
    for (int root = start < 0 ? 0 : start; 2 * root + 1 < end;) {
      int child = 2 * root + 1;
      if (child + 1 < end && v[child] < v[child + 1]) ++child;
      if (v[root] >= v[child]) break;
      u32 kept = v[root];
      v[root] = v[child];
      v[child] = kept;
      root = child;
    }
    if (start == 0) start = -1;
  }
  u64 hash = 1;
  for (int i = 0; i < n; ++i) hash = hash * 131 + v[i];
  return hash;
}
FUNCTION u64 f_alloca(u64 x) {
  int n = 4 + x % 29;
  u32* v = static_cast<u32*>(__builtin_alloca(n * sizeof(u32)));
  for (int i = 0; i < n; ++i) v[i] = static_cast<u32>(mix(x + i));
  u64 hash = fibonacci(n % 8);
  for (int i = n; i-- > 0;) hash = hash * 13 + v[(i * 7) % n];
  return hash;
}
FUNCTION u64 f_spills(u64 x) {
  u64 v[72];
#pragma unroll
  for (int i = 0; i < 72; ++i) v[i] = mix(x + i * 3);
  u64 between = fibonacci(x % 6);
#pragma unroll
  for (int i = 0; i < 72; ++i) v[i] = v[i] * (2 * i + 1) + v[(i * 5 + 11) % 72];
#pragma unroll
  for (int i = 0; i < 72; ++i) between ^= v[i] >> (i % 23);
  return between;
}
FUNCTION u64 f_sieve(u64 x) {
  bool composite[256];
  for (int i = 0; i < 256; ++i) composite[i] = false;
  u64 sum = 0;
  for (int i = 2; i < 256; ++i) {
    if (composite[i]) continue;
    if (i % (2 + x % 5) != 0) sum += i * i;
    for (int j = i * i; j < 256; j += i) composite[j] = true;
  }
  return sum;
}
FUNCTION u64 f_longest_common_subsequence(u64 x) {
  char a[20], b[20];
  unsigned char best[21][21];
  for (int i = 0; i < 20; ++i) {
    a[i] = mix(x + i) % 4;
    b[i] = mix(x * 3 + i) % 4;
  }
  for (int i = 0; i <= 20; ++i)
    for (int j = 0; j <= 20; ++j) {
      if (i == 0 || j == 0)
        best[i][j] = 0;
      else if (a[i - 1] == b[j - 1])
        best[i][j] = best[i - 1][j - 1] + 1;
      else
        best[i][j] = best[i - 1][j] > best[i][j - 1] ? best[i - 1][j] : best[i][j - 1];
    }
  return best[20][20];
}
struct Node {
  u32 value;
  Node* next;
};
FUNCTION u64 f_list(u64 x) {
  Node nodes[16], *head = nullptr;
  for (int i = 0; i < 16; ++i) {
    nodes[i].value = static_cast<u32>(mix(x + i));
    Node** at = &head;
    while (*at && (*at)->value < nodes[i].value) at = &(*at)->next;
    nodes[i].next = *at;
    *at = &nodes[i];
  }
  u64 hash = 3;
  for (Node* n = head; n; n = n->next) hash = hash * 7 + n->value;
  return hash;
}

// Calls: structures by value, pointers to functions, virtual functions, closures, templates.

struct Matrix4 {
  int m[4][4];
};
FUNCTION Matrix4 multiply(Matrix4 a, Matrix4 b) {
  Matrix4 r;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) {
      r.m[i][j] = 0;
      for (int k = 0; k < 4; ++k) r.m[i][j] += a.m[i][k] * b.m[k][j];
    }
  return r;
}
FUNCTION u64 f_matrix(u64 x) {
  Matrix4 a;
  for (int i = 0; i < 16; ++i) a.m[i / 4][i % 4] = static_cast<int>(mix(x + i) % 19) - 9;
  Matrix4 b = multiply(a, multiply(a, a));
  u64 hash = 0;
  for (int i = 0; i < 16; ++i) hash = hash * 31 + b.m[i / 4][i % 4];
  return hash;
}
struct Wide {
  u64 v[20];
  char tag;
};
FUNCTION Wide turn(Wide w, int by) {
  Wide r = w;
  for (int i = 0; i < 20; ++i) r.v[i] = w.v[(i + by) % 20] + w.tag;
  r.tag = static_cast<char>(w.tag + by);
  return r;
}
FUNCTION u64 f_wide_structures(u64 x) {
  Wide w;
  for (int i = 0; i < 20; ++i) w.v[i] = mix(x + i);
  w.tag = static_cast<char>(x);
  w = turn(turn(w, 3 + x % 5), 7);
  u64 hash = static_cast<unsigned char>(w.tag);
  for (int i = 0; i < 20; ++i) hash = hash * 29 + w.v[i];
  return hash;
}
struct Pair {
  double first;
  u32 second;
};
FUNCTION Pair both(double a, u32 b) { return {a * 2, b + 1}; }
FUNCTION u64 f_small_structures(u64 x) {
  Pair p = both(precise(x), static_cast<u32>(x));
  Pair q = both(p.first + p.second, p.second);
  return bits_of(q.first) + q.second;
}
FUNCTION u64 op_add(u64 a, u64 b) { return a + b; }
FUNCTION u64 op_sub(u64 a, u64 b) { return a - b; }
FUNCTION u64 op_mul(u64 a, u64 b) { return a * b; }
FUNCTION u64 op_xor(u64 a, u64 b) { return a ^ (b << 7 | b >> 57); }
typedef u64 (*Binary)(u64, u64);
FUNCTION Binary pick(u32 n) {
  switch (n % 4) {
    case 0: return op_add;
    case 1: return op_sub;
    case 2: return op_mul;
    default: return op_xor;
  }
}
FUNCTION u64 f_function_pointers(u64 x) {
  u64 value = x;
  for (int i = 0; i < 12; ++i) value = pick(static_cast<u32>(mix(x + i) >> 13))(value, mix(i));
  return value;
}
FUNCTION u64 fold(Binary f, const u64* v, int n) { return n == 1 ? v[0] : f(fold(f, v, n - 1), v[n - 1]); }
FUNCTION u64 f_higher_order(u64 x) {
  u64 v[9];
  for (int i = 0; i < 9; ++i) v[i] = mix(x + i);
  return fold(pick(static_cast<u32>(x)), v, 9) ^ fold(pick(static_cast<u32>(x >> 2)), v, 5);
}
FUNCTION u64 run_program(const unsigned char* program, int length, u64 argument) {
  u64 stack[12];
  int depth = 0;
  stack[depth++] = argument;
  for (int i = 0; i < length; ++i) {
    if (program[i] < 4 && depth >= 2) {
      --depth;
      stack[depth - 1] = pick(program[i])(stack[depth - 1], stack[depth]);
    } else if (depth < 12) {
      stack[depth++] = program[i] * argument + i;
    }
  }
  return stack[depth - 1] + depth;
}
FUNCTION u64 f_interpreter(u64 x) {
  unsigned char program[40];
  for (int i = 0; i < 40; ++i) program[i] = mix(x + i) % 9;
  return run_program(program, 40, x);
}
template <int N>
FUNCTION u64 unfolded(u64 x) {
  return unfolded<N - 1>(x * 3 + N) + unfolded<N - 2>(x ^ N);
}
template <>
FUNCTION u64 unfolded<1>(u64 x) {
  return x + 1;
}
template <>
FUNCTION u64 unfolded<0>(u64 x) {
  return x;
}
FUNCTION u64 f_templates(u64 x) { return unfolded<7>(x); }
template <class F>
FUNCTION u64 repeat(F f, int n) {
  u64 sum = 0;
  for (int i = 0; i < n; ++i) sum = sum * 3 + f(i);
  return sum;
}
FUNCTION u64 f_closures(u64 x) {
  u64 other = mix(x);
  return repeat([=](int i) { return (x >> i % 64) + repeat([&](int j) { return other * j + i; }, 3); }, 9);
}

// Control flow.

FUNCTION u64 f_dense_switch(u64 x) {
  u64 v = x;
  for (int i = 0; i < 20; ++i) switch ((v >> i) & 15) {
      case 0: v += 3; break;
      case 1: v ^= v << 3; break;
      case 2: v *= 5; [[fallthrough]];
      case 3: v -= i; break;
      case 4: v = ~v; break;
      case 5: v = v >> 5 | v << 59; break;
      case 6: v += v * v; break;
      case 7: if (v & 32) return v;
      case 8: v ^= 0x5555; break;
      case 9: v += mix(v); break;
      case 10: continue;
      case 11: v /= 3; break;
      case 12: v %= 1000003; break;
      default: v = v * 7 + 1;
    }
  return v;
}
FUNCTION u64 f_sparse_switch(u64 x) {
  u64 sum = 0;
  for (int i = 0; i < 8; ++i) switch (mix(x + i) % 1000) {
      case 3: case 17: case 100 ... 250: sum += 1; break;
      case 512: sum += 2; break;
      case 600 ... 999: sum = sum * 3 + i; break;
      default: sum ^= 77;
    }
  return sum;
}
FUNCTION u64 f_gotos(u64 x) {
  u64 v = x | 1, n = 0;
again:
  if (v == 1 || n > 200) goto done;
  if (v & 1) goto odd;
  v >>= 1;
  ++n;
  goto again;
odd:
  v = v * 3 + 1;
  ++n;
  if (n % 50 == 49) v >>= 7;
  goto again;
done:
  return n * 1000 + (v & 255);
}
FUNCTION u64 f_nested_loops(u64 x) {
  u64 sum = 0;
  for (u32 i = 0; i < x % 9; ++i)
    for (u32 j = i; j < 9; ++j) {
      if ((i * j + x) % 7 == 3) continue;
      for (u32 k = 0; k <= j; ++k) {
        if (k * 2 > i + j) break;
        sum = sum * 5 + k;
      }
    }
  return sum;
}
FUNCTION u64 f_short_circuits(u64 x) {
  u64 count = 0;
  for (u32 i = 0; i < 32; ++i) {
    bool a = x >> i & 1, b = x >> (i + 7) & 1;
    if ((a && ++count % 3) || (!b && (count += 2) % 5 == 0)) count += a ? 10 : 20;
  }
  return count;
}

// Integers.

FUNCTION u64 f_division64(u64 x) {
  int64_t a = static_cast<int64_t>(mix(x)), b = static_cast<int64_t>(mix(x + 1)) >> (x % 50) | 1;
  return static_cast<u64>(a / b) * 3 + static_cast<u64>(a % b) + mix(x) / (mix(x + 2) >> 17 | 1);
}
FUNCTION u64 f_division32(u64 x) {
  int a = static_cast<int>(mix(x)), b = static_cast<int>(mix(x + 1)) >> (x % 20) | 1;
  u32 c = static_cast<u32>(mix(x + 3)), d = static_cast<u32>(x % 1000 + 1);
  if (a == -2147483647 - 1 && b == -1) b = 1;
  return static_cast<u64>(a / b) * 7 + a % b + c / d + c % d;
}
FUNCTION u64 f_small_integers(u64 x) {
  signed char a = static_cast<signed char>(x);
  short b = static_cast<short>(mix(x));
  unsigned char c = static_cast<unsigned char>(x >> 3);
  for (int i = 0; i < 10; ++i) {
    a = static_cast<signed char>(a * 3 + b);
    b = static_cast<short>(b - a * c);
    c = static_cast<unsigned char>(c + (b >> 4) + (a < 0));
  }
  return static_cast<u64>(a) << 32 ^ static_cast<u64>(b) << 8 ^ c;
}
FUNCTION u64 f_wide_product(u64 x) {
  unsigned __int128 p = static_cast<unsigned __int128>(mix(x)) * mix(x + 1) + mix(x + 2);
  return static_cast<u64>(p >> 64) ^ static_cast<u64>(p >> (x % 60));
}
FUNCTION u64 f_power_modulo(u64 x) {
  u64 base = mix(x) % 1000000007, result = 1;
  for (u64 e = x % 1000 + 3; e; e >>= 1) {
    if (e & 1) result = result * base % 1000000007;
    base = base * base % 1000000007;
  }
  return result;
}
FUNCTION u64 f_square_root(u64 x) {
  u64 v = mix(x), root = 0;
  for (u64 bit = 1ull << 31; bit; bit >>= 1)
    if ((root | bit) * (root | bit) <= v) root |= bit;
  return root;
}
// Not __builtin_bswap64: clang 22 -O0 copies its halves with v_mov_b16 (gfx1100, gfx1151).
FUNCTION u64 f_counting_bits(u64 x) {
  u64 v = mix(x) >> x % 64;
  u64 swapped = static_cast<u64>(__builtin_bswap32(static_cast<u32>(v))) << 32 |
                __builtin_bswap32(static_cast<u32>(v >> 32));
  return __builtin_popcountll(v) + 64 * (v ? __builtin_clzll(v) : 64) + 4096 * (v ? __builtin_ctzll(v) : 64) +
         (static_cast<u64>(__builtin_bitreverse32(static_cast<u32>(v))) << 20) + swapped;
}
FUNCTION u64 f_shifts(u64 x) {
  u32 a = static_cast<u32>(mix(x)), n = x % 32;
  int s = static_cast<int>(a);
  return (a << n | a >> (31 & -n)) + (static_cast<u64>(s >> n) << 17) + (mix(x) >> (x % 64)) +
         static_cast<u64>(static_cast<int64_t>(mix(x + 1)) >> (x % 63));
}
FUNCTION u64 f_bit_fields(u64 x) {
  struct {
    u32 a : 5, b : 11;
    int c : 7;
    u64 d : 37;
    bool e : 1;
  } f = {};
  for (int i = 0; i < 6; ++i) {
    f.a += x >> i;
    f.b ^= mix(x + i);
    f.c -= f.a;
    f.d = f.d * 5 + f.b;
    f.e = f.c < 0;
  }
  return f.a + (f.b << 5) + (static_cast<u64>(f.c) << 16) + f.d + f.e;
}
FUNCTION u64 f_checksum(u64 x) {
  u32 table[16], crc = ~0u;
  for (u32 i = 0; i < 16; ++i) {
    table[i] = i;
    for (int k = 0; k < 4; ++k) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
  }
  for (int i = 0; i < 16; ++i) {
    crc ^= static_cast<unsigned char>(mix(x) >> i * 4);
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}
FUNCTION u64 f_hash_rounds(u64 x) {
  u32 s[8], w[16];
  for (int i = 0; i < 8; ++i) s[i] = static_cast<u32>(mix(i + 1));
  for (int i = 0; i < 16; ++i) w[i] = static_cast<u32>(mix(x + i));
  for (int i = 0; i < 32; ++i) {
    u32 e = s[4], a = s[0];
    u32 t = s[7] + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21)) + ((e & s[5]) ^ (~e & s[6])) + w[i % 16];
    u32 u = ((a >> 2 | a << 30) ^ (a >> 13 | a << 19)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    for (int k = 7; k > 0; --k) s[k] = s[k - 1];
    s[4] += t;
    s[0] = t + u;
    w[i % 16] += w[(i + 9) % 16] ^ (w[(i + 1) % 16] >> 3);
  }
  return static_cast<u64>(s[0]) << 32 | s[5];
}
FUNCTION u64 f_text(u64 x) {
  char text[24];
  int n = 0;
  for (u64 v = mix(x); v; v /= 10) text[n++] = static_cast<char>('0' + v % 10);
  for (int i = 0; i < n / 2; ++i) {
    char kept = text[i];
    text[i] = text[n - 1 - i];
    text[n - 1 - i] = kept;
  }
  u64 back = 0;
  for (int i = 0; i < n; ++i) back = back * 10 + (text[i] - '0');
  return back + n;
}
FUNCTION u64 f_life(u64 x) {
  u64 board = mix(x);
  for (int step = 0; step < 4; ++step) {
    u64 next = 0;
    for (int i = 0; i < 64; ++i) {
      int neighbours = 0;
      for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx)
          if (dx || dy) neighbours += board >> (((i / 8 + dy) & 7) * 8 + ((i + dx) & 7)) & 1;
      next |= static_cast<u64>(neighbours == 3 || (neighbours == 2 && (board >> i & 1))) << i;
    }
    board = next;
  }
  return board;
}
FUNCTION u64 f_copies(u64 x) {
  unsigned char a[61], b[61];
  for (int i = 0; i < 61; ++i) a[i] = static_cast<unsigned char>(mix(x + i));
  __builtin_memset(b, static_cast<int>(x & 255), 61);
  __builtin_memcpy(b + 3 + x % 7, a + x % 5, 41);
  __builtin_memmove(b + 9, b + 2, 30);
  u64 hash = 0;
  for (int i = 0; i < 61; ++i) hash = hash * 31 + b[i];
  return hash;
}

// Floating point.

FUNCTION double v_polynomial(u64 x) {
  float v = single(x) / 80, r = 0.25f;
  for (int i = 0; i < 12; ++i) r = r * (v * v + 0.1f) + (single(i) + 70.0f);
  return r;
}
FUNCTION u64 f_polynomial(u64 x) { return bits_of(v_polynomial(x)); }
FUNCTION double v_divisions(u64 x) {
  float a = single(x) + 100.0f, b = single(x + 1) + 70.37f;
  double c = precise(x), d = precise(x + 5) + 0.001;
  return a / b * 3.0 + __builtin_fabs(c / d) + __builtin_fabs(d / c) + 1.0f / (b + a * 3);
}
FUNCTION u64 f_divisions(u64 x) { return bits_of(v_divisions(x)); }
FUNCTION double v_roots(u64 x) {
  float a = single(x);
  double b = precise(x + 7);
  return __builtin_sqrtf(a * a + 0.5f) + __builtin_sqrt(b * b + 0.1);
}
FUNCTION u64 f_roots(u64 x) { return bits_of(v_roots(x)); }
FUNCTION u64 f_compensated_sum(u64 x) {
  double sum = 0, lost = 0;
  for (int i = 0; i < 30; ++i) {
    double y = precise(x + i) - lost, t = sum + y;
    lost = (t - sum) - y;
    sum = t;
  }
  return bits_of(sum);
}
FUNCTION u64 f_mandelbrot(u64 x) {
  float a = single(x) / 40, b = single(x + 1) / 40, u = 0, v = 0;
  int n = 0;
  while (n < 60 && u * u + v * v < 4) {
    float t = u * u - v * v + a;
    v = 2 * u * v + b;
    u = t;
    ++n;
  }
  return n;
}
FUNCTION u64 f_fused(u64 x) {
  float a = single(x), b = single(x + 1), c = single(x + 2);
  double d = precise(x), e = precise(x + 1);
  return bits_of(__builtin_fmaf(a, b, c)) + bits_of(__builtin_fma(d, e, -d));
}
FUNCTION u64 f_conversions(u64 x) {
  float a = single(x) * 1000;
  double b = precise(x);
  int64_t wide = static_cast<int64_t>(mix(x));
  return static_cast<int>(a) + static_cast<u64>(static_cast<int64_t>(b)) * 3 + bits_of(static_cast<float>(wide)) +
         bits_of(static_cast<double>(mix(x))) + bits_of(static_cast<float>(b)) +
         static_cast<u64>(static_cast<double>(static_cast<u32>(x)) * 0.5);
}
FUNCTION u64 f_roundings(u64 x) {
  float a = single(x);
  double b = precise(x);
  return bits_of(__builtin_floorf(a)) + bits_of(__builtin_ceilf(a)) * 3 + bits_of(__builtin_truncf(a)) * 5 +
         bits_of(__builtin_floor(b)) * 7 + bits_of(__builtin_rint(b)) + bits_of(__builtin_fabs(b));
}
FUNCTION u64 f_comparisons(u64 x) {
  float v[4] = {single(x), single(x + 1), x % 3 ? 0.0f : __builtin_nanf(""), -0.0f};
  u64 bits = 0;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j)
      bits = bits * 32 + (v[i] < v[j]) + 2 * (v[i] <= v[j]) + 4 * (v[i] == v[j]) + 8 * !(v[i] > v[j]) +
             16 * (v[i] != v[j]);
  return mix(bits);
}
FUNCTION u64 f_lesser_and_greater(u64 x) {
  float a = single(x), b = single(x + 1);
  double c = precise(x), d = precise(x + 2);
  return bits_of(__builtin_fminf(a, b)) + bits_of(__builtin_fmaxf(a * 2, b)) + bits_of(__builtin_fmin(c, d)) +
         bits_of(c > d ? c : d) + bits_of(__builtin_copysignf(a, b));
}
FUNCTION double v_integration(u64 x) {
  double p[3], v[3] = {precise(x) / 1e4, 1, -0.5};
  for (int i = 0; i < 3; ++i) p[i] = precise(x + i) / 1e5;
  for (int step = 0; step < 25; ++step) {
    double r = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 1;
    for (int i = 0; i < 3; ++i) {
      v[i] = v[i] - 0.01 * p[i] / (r * r);
      p[i] = p[i] + 0.01 * v[i];
    }
  }
  return p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
}
FUNCTION u64 f_integration(u64 x) { return bits_of(v_integration(x)); }
FUNCTION double v_gauss(u64 x) {
  float a[4][5];
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 5; ++j) a[i][j] = single(x * 20 + i * 5 + j) + (i == j ? 200.0f : 0.0f);
  for (int i = 0; i < 4; ++i)
    for (int r = i + 1; r < 4; ++r) {
      float f = a[r][i] / a[i][i];
      for (int c = i; c < 5; ++c) a[r][c] -= f * a[i][c];
    }
  double size = 0;
  for (int i = 4; i-- > 0;) {
    for (int c = i + 1; c < 4; ++c) a[i][4] -= a[i][c] * a[c][4];
    a[i][4] /= a[i][i];
    size += a[i][4] * a[i][4];
  }
  return size;
}
FUNCTION u64 f_gauss(u64 x) { return bits_of(v_gauss(x)); }

#define INTEGER_FUNCTIONS(F)                                                                                    \
  F(fibonacci) F(ackermann) F(gcd) F(hanoi) F(mutual) F(deep) F(queens) F(permute) F(tail) F(quicksort)         \
  F(insertion_sort) F(heap_sort) F(alloca) F(spills) F(sieve) F(longest_common_subsequence) F(list) F(matrix)   \
  F(wide_structures) F(function_pointers) F(higher_order) F(interpreter) F(templates) F(closures)               \
  F(dense_switch) F(sparse_switch) F(gotos) F(nested_loops) F(short_circuits) F(division64) F(division32)       \
  F(small_integers) F(wide_product) F(power_modulo) F(square_root) F(counting_bits) F(shifts) F(bit_fields)     \
  F(checksum) F(hash_rounds) F(text) F(life) F(copies)
#define FLOAT_FUNCTIONS(F)                                                                                      \
  F(small_structures) F(polynomial) F(divisions) F(roots) F(compensated_sum) F(mandelbrot) F(fused)             \
  F(conversions) F(roundings) F(comparisons) F(lesser_and_greater) F(integration) F(gauss)
// What may be computed in another order without becoming something else.
#define TOLERANT_FUNCTIONS(F) F(polynomial) F(divisions) F(roots) F(integration) F(gauss)
