#ifndef JEPALAB_LANES_MLP_TILES_H
#define JEPALAB_LANES_MLP_TILES_H
#include <cstddef>

#include "cpu/turning.h"
#include "cpu/vec.h"

/*
 * The products of a layer: element (i, j) is one fma chain over rising k. As in cpu/product.h the left
 * operand is broadcast and the right one read by vectors; here a tile's rows may be 16, the left operand may
 * be read down its columns, and products of one vector of columns keep the right operand in registers. Shares
 * of the FMA peak (AVX-512): tiles of 6 × 4 vectors 92 %, of 16 × 1 down the columns 88 %, of one vector with
 * the right operand held 88 % (as a plain tile 70 %).
 */
namespace lanes {
/* A row-major operand: rows of `ld` floats. */
struct Rows {
  const float* at;
  std::ptrdiff_t ld;
};

struct Nothing {
  LANES_INLINE void operator()(int, Vec<float>) const {}
};

/*
 * acc[i][j] = start(i, j) + Σ_p left(i, p) right(p, j) for TM rows and TN vectors. Down: left(i, p) is
 * at[p·ld + i], else at[i·ld + p]. also(j, right(p, j)) for each of the right operand's vectors. An array whose elements are
 * pinned in place is written to memory in each turn of the loop by g++ 12, hence the values of their own.
 */
template <int TM, int TN, bool Down, class Also = Nothing>
LANES_INLINE void chain_tile(Rows left, Rows right, int k, Vec<float> (&acc)[TM][TN], const Also& also = {}) {
  using V = Vec<float>;
#pragma GCC unroll 1
  for (int p = 0; p < k; p++) {
    const float* a = left.at + (Down ? p * left.ld : p);
    const float* b = right.at + p * right.ld;
    V columns[TN];
#pragma GCC unroll 16
    for (int j = 0; j < TN; j++) {
      V column = V::load(b + j * V::width);
      column = held(column);
      columns[j] = column;
      also(j, column);
    }
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) {
      V row = V::broadcast(a[Down ? i : i * left.ld]);
      if (TN > 1) row = held(row);
#pragma GCC unroll 16
      for (int j = 0; j < TN; j++) acc[i][j] = fma(row, columns[j], acc[i][j]);
    }
  }
}

template <int TM, int TN, class F>
LANES_INLINE void each_of(F f) {
#pragma GCC unroll 16
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 16
    for (int j = 0; j < TN; j++) f(i, j);
}

constexpr int tile_height(int columns, bool down) {
  if (registers == 32) return columns == 4 ? 6 : columns > 1 ? 8 : down ? 16 : 8;
  return columns == 1 ? 8 : 6;
}
constexpr int tile_widest = registers == 32 ? 4 : 2;

/* No product of m rows and n vectors of columns has fewer tiles. */
constexpr int tiles_of(int m, int n) { return ((m + 7) / 8) * ((n + tile_widest - 1) / tile_widest); }

/* `turned(x, at)` is what is stored at c + at in place of the element x of a product; long where it takes as many operations as x. */
struct Plain {
  static constexpr bool is_long = false;
  LANES_INLINE Vec<float> turned(Vec<float> x, std::ptrdiff_t) const { return x; }
};

/* A place in c: the first element, as an offset, and the next row. */
struct Place {
  std::ptrdiff_t at, ld;
};

template <int TN, int TM, class Turn>
LANES_INLINE void forth_rows(int& i, int m, int k, Rows left, Rows right, const float* start, float* c,
                             Place to, const Turn& turn, Turning<Vec<float>>& beside) {
  using V = Vec<float>;
  for (; i + TM <= m; i += TM) {
    const std::ptrdiff_t first = to.at + i * to.ld;
    V acc[TM][TN];
    each_of<TM, TN>(
        [&](int r, int j) { acc[r][j] = start != nullptr ? V::load(start + j * V::width) : V::zero(); });
    chain_tile<TM, TN, false>({left.at + i * left.ld, left.ld}, right, k, acc);
    each_of<TM, TN>([&](int r, int j) {
      const std::ptrdiff_t at = first + r * to.ld + j * V::width;
      turn.turned(acc[r][j], at).store(c + at);
    });
    beside.go_on();
  }
  if constexpr (TM > 1) forth_rows<TN, (TM > 4 ? 4 : TM / 2)>(i, m, k, left, right, start, c, to, turn, beside);
}

/*
 * One vector of columns, k a multiple of 16: sixteen rows of the right operand at a time stay in registers. A long turn
 * of four elements follows the links of the next four, in whose waits it is done.
 */
template <class Turn>
LANES_INLINE int forth_held(int m, int k, Rows left, Rows right, const float* start, float* c, Place to,
                            const Turn& turn) {
  using V = Vec<float>;
  constexpr int side = 16, height = 4;
  const int whole = m / height * height;
  for (int from = 0; from < k; from += side) {
    const bool last = from + side == k;
    V kept[side], done[height];
#pragma GCC unroll 16
    for (int p = 0; p < side; p++) {
      V row = V::load(right.at + (from + p) * right.ld);
      row = lanes::held(row);
      kept[p] = row;
    }
    const auto finish = [&](int i) __attribute__((always_inline)) {
#pragma GCC unroll 16
      for (int r = 0; r < height; r++) {
        const std::ptrdiff_t at = to.at + (i + r) * to.ld;
        (last ? turn.turned(done[r], at) : done[r]).store(c + at);
      }
    };
    for (int i = 0; i < whole; i += height) {
      const float* a = left.at + i * left.ld + from;
      V acc[height];
#pragma GCC unroll 16
      for (int r = 0; r < height; r++) {
        if (from > 0)
          acc[r] = V::load(c + to.at + (i + r) * to.ld);
        else
          acc[r] = start != nullptr ? V::load(start) : V::zero();
      }
#pragma GCC unroll 16
      for (int p = 0; p < side; p++)
#pragma GCC unroll 16
        for (int r = 0; r < height; r++) acc[r] = fma(V::broadcast(a[r * left.ld + p]), kept[p], acc[r]);
      if (Turn::is_long && i > 0) finish(i - height);
#pragma GCC unroll 16
      for (int r = 0; r < height; r++) done[r] = acc[r];
      if (!Turn::is_long) finish(i);
    }
    if (Turn::is_long && whole > 0) finish(whole - height);
  }
  return whole;
}

template <int TN, class Turn>
LANES_INLINE void forth_columns(int& j, int m, int n, int k, Rows left, Rows right, const float* start,
                                float* c, std::ptrdiff_t ldc, const Turn& turn, Turning<Vec<float>>& beside) {
  constexpr int W = Vec<float>::width;
  for (; j + TN <= n; j += TN) {
    const Rows b{right.at + j * W, right.ld};
    const Place to{j * W, ldc};
    const float* first = start == nullptr ? nullptr : start + j * W;
    int i = 0;
    if constexpr (TN == 1 && registers == 32)
      if (k % 16 == 0) i = forth_held(m, k, left, b, first, c, to, turn);
    forth_rows<TN, tile_height(TN, false)>(i, m, k, left, b, first, c, to, turn, beside);
  }
  if constexpr (TN > 1) forth_columns<TN - 1>(j, m, n, k, left, right, start, c, ldc, turn, beside);
}

/* c [m][n vectors] = start + left [m][k] · right [k][n vectors], each element turned on its way; `beside` goes on after
 * each tile. start: one row, NULL for zeros. */
template <class Turn>
LANES_INLINE void forth(int m, int n, int k, Rows left, Rows right, const float* start, float* c,
                        std::ptrdiff_t ldc, const Turn& turn, Turning<Vec<float>>& beside) {
  int j = 0;
  forth_columns<tile_widest>(j, m, n, k, left, right, start, c, ldc, turn, beside);
}

/* Sums over k of the right operand's columns beside a tile's products, where its vectors leave registers for them. */
template <int TM, int TN>
constexpr bool has_room = TM * TN + 2 * TN + 1 <= registers;

template <int TN, int TM, class Out, class Sum>
LANES_INLINE void down_rows(int& i, int m, int j, int k, Rows left, Rows right, Out out, bool& due, Sum sum) {
  using V = Vec<float>;
  for (; i + TM <= m; i += TM) {
    V acc[TM][TN];
    each_of<TM, TN>([&](int r, int c) { acc[r][c] = V::zero(); });
    const Rows down{left.at + i, left.ld};
    bool done = false;
    if constexpr (has_room<TM, TN>) {
      if (due) {
        V sums[TN];
        for (int c = 0; c < TN; c++) sums[c] = V::zero();
        chain_tile<TM, TN, true>(down, right, k, acc, [&](int c, V column) __attribute__((always_inline)) { sums[c] = sums[c] + column; });
        for (int c = 0; c < TN; c++) sum((j + c) * V::width, sums[c]);
        due = false, done = true;
      }
    }
    if (!done) chain_tile<TM, TN, true>(down, right, k, acc);
    alignas(64) float sums[TM * TN * V::width];
    each_of<TM, TN>([&](int r, int c) { acc[r][c].store(sums + (r * TN + c) * V::width); });
#pragma GCC unroll 1
    for (int r = 0; r < TM; r++) {
      V row[TN];
#pragma GCC unroll 4
      for (int c = 0; c < TN; c++) row[c] = V::load(sums + (r * TN + c) * V::width);
      out(i + r, j * V::width, row);
    }
  }
  if constexpr (TM > 1) down_rows<TN, (TM > 4 ? 4 : TM / 2)>(i, m, j, k, left, right, out, due, sum);
}

/* sum(column, sum over k of the vector there) for TN vectors together. */
template <int TN, class Sum>
LANES_INLINE void sum_columns(int j, int k, Rows right, Sum sum) {
  using V = Vec<float>;
  V sums[TN];
#pragma GCC unroll 4
  for (int c = 0; c < TN; c++) sums[c] = V::zero();
  for (int p = 0; p < k; p++)
#pragma GCC unroll 4
    for (int c = 0; c < TN; c++) sums[c] = sums[c] + V::load(right.at + p * right.ld + c * V::width);
#pragma GCC unroll 4
  for (int c = 0; c < TN; c++) sum((j + c) * V::width, sums[c]);
}

template <int TN, class Out, class Sum>
LANES_INLINE void down_columns(int& j, int m, int n, int k, Rows left, Rows right, Out out, bool sums, Sum sum) {
  for (; j + TN <= n; j += TN) {
    int i = 0;
    bool due = sums;
    const Rows b{right.at + j * Vec<float>::width, right.ld};
    down_rows<TN, tile_height(TN, true)>(i, m, j, k, left, b, out, due, sum);
    if (due) sum_columns<TN>(j, k, b, sum);
  }
  if constexpr (TN > 1) down_columns<TN - 1>(j, m, n, k, left, right, out, sums, sum);
}

/*
 * out(i, first column, vectors side by side of left' right) for left [k][m], right [k][n vectors], i < m; where `sums`, also
 * sum(first column, the sum of the right operand's rows).
 */
template <class Out, class Sum>
LANES_INLINE void down(int m, int n, int k, Rows left, Rows right, Out out, bool sums, Sum sum) {
  int j = 0;
  down_columns<tile_widest>(j, m, n, k, left, right, out, sums, sum);
}
}  // namespace lanes
#endif
