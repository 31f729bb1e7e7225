#ifndef JEPALAB_LANES_MLP_TILES_H
#define JEPALAB_LANES_MLP_TILES_H
#include <cstddef>

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

/*
 * acc[i][j] = start(i, j) + Σ_p left(i, p) right(p, j) for TM rows and TN vectors. Down: left(i, p) is
 * at[p·ld + i], else at[i·ld + p]. An array whose elements are pinned in place is written to memory in each
 * turn of the loop by g++ 12, hence the values of their own.
 */
template <int TM, int TN, bool Down>
LANES_INLINE void chain_tile(Rows left, Rows right, int k, Vec<float> (&acc)[TM][TN]) {
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

/* `turned(x, at)` is what is stored at c + at in place of the element x of a product. */
struct Plain {
  LANES_INLINE Vec<float> turned(Vec<float> x, std::ptrdiff_t) const { return x; }
};

/* A place in c: the first element, as an offset, and the next row. */
struct Place {
  std::ptrdiff_t at, ld;
};

template <int TN, int TM, class Turn>
LANES_INLINE void forth_rows(int& i, int m, int k, Rows left, Rows right, const float* start, float* c,
                             Place to, const Turn& turn) {
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
  }
  if constexpr (TM > 1) forth_rows<TN, (TM > 4 ? 4 : TM / 2)>(i, m, k, left, right, start, c, to, turn);
}

/* One vector of columns, k a multiple of 16: sixteen rows of the right operand at a time stay in registers.
 */
template <class Turn>
LANES_INLINE int forth_held(int m, int k, Rows left, Rows right, const float* start, float* c, Place to,
                            const Turn& turn) {
  using V = Vec<float>;
  constexpr int side = 16, height = 4;
  const int whole = m / height * height;
  for (int from = 0; from < k; from += side) {
    const bool last = from + side == k;
    V kept[side];
#pragma GCC unroll 16
    for (int p = 0; p < side; p++) {
      V row = V::load(right.at + (from + p) * right.ld);
      row = lanes::held(row);
      kept[p] = row;
    }
    for (int i = 0; i < whole; i += height) {
      const float* a = left.at + i * left.ld + from;
      const std::ptrdiff_t first = to.at + i * to.ld;
      V acc[height];
#pragma GCC unroll 16
      for (int r = 0; r < height; r++) {
        if (from > 0)
          acc[r] = V::load(c + first + r * to.ld);
        else
          acc[r] = start != nullptr ? V::load(start) : V::zero();
      }
#pragma GCC unroll 16
      for (int p = 0; p < side; p++)
#pragma GCC unroll 16
        for (int r = 0; r < height; r++) acc[r] = fma(V::broadcast(a[r * left.ld + p]), kept[p], acc[r]);
#pragma GCC unroll 16
      for (int r = 0; r < height; r++) {
        const std::ptrdiff_t at = first + r * to.ld;
        (last ? turn.turned(acc[r], at) : acc[r]).store(c + at);
      }
    }
  }
  return whole;
}

template <int TN, class Turn>
LANES_INLINE void forth_columns(int& j, int m, int n, int k, Rows left, Rows right, const float* start,
                                float* c, std::ptrdiff_t ldc, const Turn& turn) {
  constexpr int W = Vec<float>::width;
  for (; j + TN <= n; j += TN) {
    const Rows b{right.at + j * W, right.ld};
    const Place to{j * W, ldc};
    const float* first = start == nullptr ? nullptr : start + j * W;
    int i = 0;
    if constexpr (TN == 1 && registers == 32)
      if (k % 16 == 0) i = forth_held(m, k, left, b, first, c, to, turn);
    forth_rows<TN, tile_height(TN, false)>(i, m, k, left, b, first, c, to, turn);
  }
  if constexpr (TN > 1) forth_columns<TN - 1>(j, m, n, k, left, right, start, c, ldc, turn);
}

/* c [m][n vectors] = start + left [m][k] · right [k][n vectors], each element turned on its way. start: one
 * row, NULL for zeros. */
template <class Turn>
LANES_INLINE void forth(int m, int n, int k, Rows left, Rows right, const float* start, float* c,
                        std::ptrdiff_t ldc, const Turn& turn) {
  int j = 0;
  forth_columns<tile_widest>(j, m, n, k, left, right, start, c, ldc, turn);
}

template <int TN, int TM, class Out>
LANES_INLINE void down_rows(int& i, int m, int j, int k, Rows left, Rows right, Out out) {
  for (; i + TM <= m; i += TM) {
    Vec<float> acc[TM][TN];
    each_of<TM, TN>([&](int r, int c) { acc[r][c] = Vec<float>::zero(); });
    chain_tile<TM, TN, true>({left.at + i, left.ld}, right, k, acc);
    alignas(64) float sums[TM * TN * Vec<float>::width];
    each_of<TM, TN>([&](int r, int c) { acc[r][c].store(sums + (r * TN + c) * Vec<float>::width); });
#pragma GCC unroll 1
    for (int r = 0; r < TM; r++)
#pragma GCC unroll 4
      for (int c = 0; c < TN; c++)
        out(i + r, (j + c) * Vec<float>::width, Vec<float>::load(sums + (r * TN + c) * Vec<float>::width));
  }
  if constexpr (TM > 1) down_rows<TN, (TM > 4 ? 4 : TM / 2)>(i, m, j, k, left, right, out);
}

template <int TN, class Out>
LANES_INLINE void down_columns(int& j, int m, int n, int k, Rows left, Rows right, Out out) {
  for (; j + TN <= n; j += TN) {
    int i = 0;
    down_rows<TN, tile_height(TN, true)>(i, m, j, k, left, {right.at + j * Vec<float>::width, right.ld}, out);
  }
  if constexpr (TN > 1) down_columns<TN - 1>(j, m, n, k, left, right, out);
}

/* out(i, first column, left' right) for left [k][m], right [k][n vectors]: i < m, vector by vector. */
template <class Out>
LANES_INLINE void down(int m, int n, int k, Rows left, Rows right, Out out) {
  int j = 0;
  down_columns<tile_widest>(j, m, n, k, left, right, out);
}
}  // namespace lanes
#endif
