#ifndef JEPALAB_LANES_PRODUCT_H
#define JEPALAB_LANES_PRODUCT_H
#include <cstddef>

#include "cpu/vec.h"

namespace lanes {
/* Where the elements of an operand lie: element (r, c) starts at `at` + r·row + c·col, in reals. */
template <class Real>
struct View {
  const Real* at;
  std::ptrdiff_t row, col;
  LANES_INLINE View transposed() const { return {at, col, row}; }
};

/*
 * A matrix in either layout, rows of `ld` vectors. Lanes: vector (r, c) holds element (r, c) of `width` runs.
 * Matrix: vector (r, c) holds elements (r, c·width …) of one run, zero beyond the last column.
 */
template <class V, bool Lane>
struct Matrix {
  using Real = typename V::Real;
  Real* at;
  int ld;
  LANES_INLINE Real* vector(int r, int c) const {
    return at + (static_cast<std::ptrdiff_t>(r) * ld + c) * V::width;
  }
  /* As the left operand: runs side by side, or one run's elements to be broadcast. */
  LANES_INLINE View<Real> left() const { return {at, ld * V::width, Lane ? V::width : 1}; }
  /* As the right operand, vector by vector. */
  LANES_INLINE View<Real> right() const { return {at, ld * V::width, V::width}; }
};

/* How many accumulators fill the registers, with room for the operands. */
constexpr int tile_columns(bool lane) { return registers == 32 ? (lane ? 6 : 4) : (lane ? 4 : 2); }
constexpr int tile_rows(bool lane, int columns) {
  if (lane) return registers == 32 ? 4 : 3;
  if (registers == 32) return columns <= 2 ? 8 : 6;
  return columns == 1 ? 8 : 6;
}
constexpr int tile_size(int n, int largest) {
  const int pieces = (n + largest - 1) / largest;
  return (n + pieces - 1) / pieces;
}

/* out(i, j, Σₖ a(i, k) b(k, j)) for TM × TN elements; each sum one fma chain over rising k from `start(i, j)`. */
template <class V, bool Lane, int TM, int TN, class Real, class Start, class Out>
LANES_INLINE void tile(View<Real> a, View<Real> b, int k, Start start, Out out) {
  V acc[TM][TN];
#pragma GCC unroll 8
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) acc[i][j] = start(i, j);
#pragma GCC unroll 1
  for (int p = 0; p < k; p++) {
    const Real* left = a.at + p * a.col;
    const Real* right = b.at + p * b.row;
    if constexpr (Lane) {
      V rows[TM];
#pragma GCC unroll 8
      for (int i = 0; i < TM; i++) pin(rows[i] = V::load(left + i * a.row));
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) {
        V column = V::load(right + j * b.col);
        pin(column);
#pragma GCC unroll 8
        for (int i = 0; i < TM; i++) acc[i][j] = fma(rows[i], column, acc[i][j]);
      }
    } else {
      V columns[TN];
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) pin(columns[j] = V::load(right + j * b.col));
#pragma GCC unroll 8
      for (int i = 0; i < TM; i++) {
        V row = V::broadcast(left[i * a.row]);
        if (TN > 1) pin(row);
#pragma GCC unroll 8
        for (int j = 0; j < TN; j++) acc[i][j] = fma(row, columns[j], acc[i][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) out(i, j, acc[i][j]);
}

template <class V, bool Lane, int TN, int TM, class Real, class Start, class Out>
LANES_INLINE void rest_of_rows(int rows, View<Real> a, View<Real> b, int k, Start start, Out out) {
  if constexpr (TM > 0) {
    if (rows == TM) {
      tile<V, Lane, TM, TN>(a, b, k, start, out);
    } else {
      rest_of_rows<V, Lane, TN, TM - 1>(rows, a, b, k, start, out);
    }
  }
}

/* One column of tiles; M > 0 is the number of rows where it is known to the compiler. */
template <class V, bool Lane, int M, int TN, class Real, class Start, class Out>
LANES_INLINE void column_of_tiles(int m, View<Real> a, View<Real> b, int k, Start start, Out out) {
  constexpr int most = tile_rows(Lane, TN);
  const auto at = [&](int i) { return View<Real>{a.at + i * a.row, a.row, a.col}; };
  const auto shift = [](int i, auto f) {
    return [=](int r, int c, auto... acc) { return f(i + r, c, acc...); };
  };
  if constexpr (M > 0) {
    constexpr int size = tile_size(M, most), rest = M % size;
    for (int i = 0; i + size <= M; i += size)
      tile<V, Lane, size, TN>(at(i), b, k, shift(i, start), shift(i, out));
    if constexpr (rest > 0) {
      constexpr int i = M - rest;
      tile<V, Lane, rest, TN>(at(i), b, k, shift(i, start), shift(i, out));
    }
  } else {
    int i = 0;
    for (; i + most <= m; i += most) tile<V, Lane, most, TN>(at(i), b, k, shift(i, start), shift(i, out));
    rest_of_rows<V, Lane, TN, most - 1>(m - i, at(i), b, k, shift(i, start), shift(i, out));
  }
}

template <class V, bool Lane, int TN, class Real, class Start, class Out>
LANES_INLINE void rest_of_columns(int columns, int m, View<Real> a, View<Real> b, int k, Start start, Out out) {
  if constexpr (TN > 0) {
    if (columns == TN) {
      column_of_tiles<V, Lane, 0, TN>(m, a, b, k, start, out);
    } else {
      rest_of_columns<V, Lane, TN - 1>(columns, m, a, b, k, start, out);
    }
  }
}

/*
 * out(i, j, chain over k of a(i, k) b(k, j), begun at start(i, j)) for i < m and vector columns j < n. M and N are m and
 * n where the compiler knows them, else 0.
 */
template <class V, bool Lane, int M, int N, class Real, class Start, class Out>
LANES_INLINE void chain(int m, int n, int k, View<Real> a, View<Real> b, Start start, Out out) {
  constexpr int most = tile_columns(Lane);
  const auto at = [&](int j) { return View<Real>{b.at + j * b.col, b.row, b.col}; };
  const auto shift = [](int j, auto f) {
    return [=](int r, int c, auto... acc) { return f(r, j + c, acc...); };
  };
  if constexpr (N > 0) {
    constexpr int size = tile_size(N, most), rest = N % size;
    for (int j = 0; j + size <= N; j += size)
      column_of_tiles<V, Lane, M, size>(m, a, at(j), k, shift(j, start), shift(j, out));
    if constexpr (rest > 0) {
      constexpr int j = N - rest;
      column_of_tiles<V, Lane, M, rest>(m, a, at(j), k, shift(j, start), shift(j, out));
    }
  } else {
    int j = 0;
    for (; j + most <= n; j += most)
      column_of_tiles<V, Lane, 0, most>(m, a, at(j), k, shift(j, start), shift(j, out));
    rest_of_columns<V, Lane, most - 1>(n - j, m, a, at(j), k, shift(j, start), shift(j, out));
  }
}

/* A chain from +0: the plain product. */
template <class V, bool Lane, int M, int N, class Real, class Out>
LANES_INLINE void product(int m, int n, int k, View<Real> a, View<Real> b, Out out) {
  chain<V, Lane, M, N>(m, n, k, a, b, [](int, int) { return V::zero(); }, out);
}
}  // namespace lanes
#endif
