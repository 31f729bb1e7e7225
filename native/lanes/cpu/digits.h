#ifndef JEPALAB_LANES_DIGITS_H
#define JEPALAB_LANES_DIGITS_H
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "cpu/product.h"

/*
 * Products of float32 matrices in whole numbers (Ozaki, Ogita, Oishi and Rump 2012, for matrix units of 8 bits). A row of the left
 * operand, a column of the right one, is rounded to 24 bits below its largest element: three signed digits of base 256, d₁ d₂ d₃.
 * Of the nine products of digits all but d₃d₃ are summed, those of one weight together: L₁ = 11, L₂ = 12 + 21, L₃ = 13 + 22 + 31,
 * L₄ = 23 + 32. These sums are exact, so neither their order nor the unit that takes them shows in the bits.
 */
namespace lanes {
namespace digits {
constexpr int side = 16, links = 64, tile = side * links, parts = 3, levels = 4;

/*
 * Sixteen rows of a left operand or columns of a right one: [blocks of 64 links][digit][tile], absent ones zero.
 * Within a block byte p = 16 L + 4 q + t of a row is link 16 q + 4 L + t, and of a column byte p % 4 of its place in row p / 4.
 */
struct Strip {
  int8_t* bytes;
  float worth[side]; /* of a unit of the last digit; NaN where an element is not finite */
};

constexpr int blocks_of(int k) { return (k + links - 1) / links; }
constexpr std::size_t bytes_of(int k) { return static_cast<std::size_t>(blocks_of(k)) * parts * tile; }

/* Where an operand's elements lie: those of one strip's row or column run along the links, or across them. */
struct Source {
  const float* at;
  std::ptrdiff_t row;
  bool across; /* a link is a row of the source */
  Source from(int n) const { return {at + n * (across ? 1 : row), row, across}; }
};

/* The exponent of the largest magnitude as float bits have it, one more where the first digit would be 128: 127.5 does not fit three digits. */
inline uint32_t exponent_of(uint32_t largest) { return std::max<uint32_t>(22, (largest + 0x10200) >> 23); }

/* Sums of one pair of tiles, [level][16][16], added up over all blocks of links. */
using Sum = void (*)(const int8_t* left, const int8_t* right, int blocks, int32_t* sums);
}  // namespace digits
}  // namespace lanes

#if defined(LANES_ISA_AVX512)
#include "cpu/digits-avx512.h"
#else
#include "cpu/digits-portable.h"
#endif

namespace lanes {
namespace digits {
/* The same sums without a unit for them: in floats, which hold those of 64 links exactly. */
inline void emulate(const int8_t* left, const int8_t* right, int blocks, int32_t* sums) {
  using V = Vec<float>;
  constexpr int vectors = side / V::width;
  std::memset(sums, 0, levels * side * side * sizeof(int32_t));
  alignas(64) float wide[parts][links][side];
  for (int block = 0; block < blocks; block++, left += parts * tile, right += parts * tile) {
    for (int digit = 0; digit < parts; digit++)
      for (int p = 0; p < links; p++)
        for (int j = 0; j < side; j++) wide[digit][p][j] = right[digit * tile + p / 4 * links + 4 * j + p % 4];
    for (int i = 0; i < side; i++) {
      V sum[levels][vectors];
      for (auto& level : sum)
        for (auto& v : level) v = V::zero();
      for (int p = 0; p < links; p++) {
        V a[parts];
        for (int digit = 0; digit < parts; digit++) a[digit] = V::broadcast(left[digit * tile + i * links + p]);
        for (int v = 0; v < vectors; v++) {
          const auto b = [&](int digit) { return V::load(&wide[digit][p][v * V::width]); };
          sum[0][v] = fma(a[0], b(0), sum[0][v]);
          sum[1][v] = fma(a[1], b(0), fma(a[0], b(1), sum[1][v]));
          sum[2][v] = fma(a[2], b(0), fma(a[1], b(1), fma(a[0], b(2), sum[2][v])));
          sum[3][v] = fma(a[2], b(1), fma(a[1], b(2), sum[3][v]));
        }
      }
      for (int level = 0; level < levels; level++)
        for (int v = 0; v < vectors; v++) {
          float part[V::width];
          sum[level][v].store(part);
          int32_t* const to = sums + (level * side + i) * side + v * V::width;
          for (int j = 0; j < V::width; j++) to[j] += static_cast<int32_t>(part[j]);
        }
    }
  }
}

/* Whether the processor multiplies tiles of bytes and the system lets this process. */
bool has_unit();
/* `emulate`, or that unit. */
Sum fastest_sum();

/* While one lives, its thread may use the processor's unit; without one it does nothing. */
class Unit {
 public:
  Unit();
  ~Unit();
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
};

/* A strip of a left operand or, with `Right`, of a right one. */
template <bool Right>
inline void cut(const Source& from, int count, int k, Strip& to) {
  if (from.across) {
    cut_across(from.at, from.row, k, count, to);
  } else {
    cut_along(from.at, from.row, count, k, to);
  }
  if (from.across != Right) turn_tiles(to.bytes, parts * blocks_of(k));
}

/* Columns of the right operand that are cut together: at 1024 links they fill three quarters of a second cache of 2 MB. */
constexpr int panel = 512;

/* Bytes that `multiply` needs for its strips. */
constexpr std::size_t room_for(int k) { return (panel / side + 1) * bytes_of(k); }

/*
 * A part of left · right, of `n` columns and `k` links: each column j of vectors goes to out.column(j)(i, sums). The rows of one
 * strip are cut just before their tiles are multiplied, so that they are in the first cache. `room` begins on a cache line.
 */
template <class Mat, class Out>
__attribute__((noinline)) void multiply(const Part& part, int n, int k, const Source& left, const Source& right, int8_t* room,
                                        const Out& given_out) {
  using V = typename Mat::Vector;
  constexpr int vectors = side / V::width;
  static_assert(vectors * V::width == side, "a strip is whole vectors");
  const Out out = given_out;
  const Sum sum = fastest_sum();
  const int blocks = blocks_of(k), end = std::min(n, part.right * V::width);
  Strip rows{room, {}}, columns[panel / side];
  for (int s = 0; s < panel / side; s++) columns[s].bytes = room + (s + 1) * bytes_of(k);
  alignas(64) int32_t sums[levels * side * side];
  for (int first = part.left * V::width; first < end; first += panel) {
    const int last = std::min(end, first + panel), strips = (last - first + side - 1) / side;
    for (int s = 0; s < strips; s++) {
      const int j = first + s * side;
      cut<true>(right.from(j), std::min(side, last - j), k, columns[s]);
    }
    for (int top = part.top; top < part.bottom; top += side) {
      const int height = std::min(side, part.bottom - top);
      cut<false>(left.from(top), height, k, rows);
      alignas(64) float worth[side];
      for (int i = 0; i < side; i++) worth[i] = rows.worth[i] * 65536.0f;
      for (int s = 0; s < strips; s++) {
        sum(rows.bytes, columns[s].bytes, blocks, sums);
        for (int v = 0; v < vectors; v++) {
          const int j = (first + s * side) / V::width + v;
          if (j >= part.right) break;
          const auto put = out.column(j);
          const V scale = V::load(columns[s].worth + v * V::width) * V::broadcast(65536.0f);
          const V less = V::broadcast(1 / 256.0f);
#pragma GCC unroll 4
          for (int i = 0; i < height; i++) {
            const auto level = [&](int l) { return whole<V>(sums + (l * side + i) * side + v * V::width); };
            V x = fma(level(3), less, level(2));
            x = fma(x, less, level(1));
            x = fma(x, less, level(0));
            put(top + i, x * (scale * V::broadcast(worth[i])));
          }
        }
      }
    }
  }
}
}  // namespace digits
}  // namespace lanes
#endif
