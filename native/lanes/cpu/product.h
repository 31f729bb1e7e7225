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
/* The even piece of n that is no larger than `most`. */
constexpr int even_piece(int n, int most) {
  const int pieces = (n + most - 1) / most;
  return (n + pieces - 1) / pieces;
}

/* TM × TN elements from (i0, j0) on: each one fma chain over rising k, from `start` where that is given, else from +0. */
template <class V, bool Lane, int TM, int TN, class Out>
LANES_INLINE void tile(int i0, int j0, int k, View<typename V::Real> a, View<typename V::Real> b,
                       Matrix<V, Lane> start, const Out& out) {
  using Real = typename V::Real;
  V acc[TM][TN];
#pragma GCC unroll 8
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++)
      acc[i][j] = start.at == nullptr ? V::zero() : V::load(start.vector(i0 + i, j0 + j));
  const Real* left = a.at + i0 * a.row;
  const Real* right = b.at + j0 * b.col;
#pragma GCC unroll 1
  for (int p = 0; p < k; p++, left += a.col, right += b.row) {
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
    for (int j = 0; j < TN; j++) out(i0 + i, j0 + j, acc[i][j]);
}

/* Rows `from` to `to` of TN columns. M > 0 is the number of rows where the compiler knows it, and `from` is 0. */
template <class V, bool Lane, int M, int TN, class Out>
LANES_INLINE void column_of_tiles(int from, int to, int j0, int k, View<typename V::Real> a, View<typename V::Real> b,
                                  Matrix<V, Lane> start, const Out& out) {
  constexpr int most = tile_rows(Lane, TN);
  if constexpr (M > 0) {
    constexpr int size = even_piece(M, most), rest = M % size;
    for (int i = 0; i + size <= M; i += size) tile<V, Lane, size, TN>(i, j0, k, a, b, start, out);
    if constexpr (rest > 0) tile<V, Lane, rest, TN>(M - rest, j0, k, a, b, start, out);
  } else {
    int i = from;
    for (; i + most <= to; i += most) tile<V, Lane, most, TN>(i, j0, k, a, b, start, out);
    for (; i + 2 <= to; i += 2) tile<V, Lane, 2, TN>(i, j0, k, a, b, start, out);
    for (; i < to; i++) tile<V, Lane, 1, TN>(i, j0, k, a, b, start, out);
  }
}

/*
 * out(i, j, chain over k of a(i, k) b(k, j)) for rows `from` ≤ i < `to` and vector columns j < n. M and N are the
 * rows and columns where the compiler knows them, else 0. Not inlined: it is the bulk of the code, made once per Out.
 */
template <class V, bool Lane, int M, int N, class Out>
__attribute__((noinline)) void chain(int from, int to, int n, int k, View<typename V::Real> a,
                                     View<typename V::Real> b, Matrix<V, Lane> start, Out out) {
  constexpr int most = tile_columns(Lane);
  if constexpr (N > 0) {
    constexpr int size = even_piece(N, most), rest = N % size;
    for (int j = 0; j + size <= N; j += size)
      column_of_tiles<V, Lane, M, size>(0, M, j, M, a, b, start, out);
    if constexpr (rest > 0) column_of_tiles<V, Lane, M, rest>(0, M, N - rest, M, a, b, start, out);
  } else {
    int j = 0;
    for (; j + most <= n; j += most) column_of_tiles<V, Lane, 0, most>(from, to, j, k, a, b, start, out);
    if constexpr (most > 4)
      for (; j + 4 <= n; j += 4) column_of_tiles<V, Lane, 0, 4>(from, to, j, k, a, b, start, out);
    if constexpr (most > 2)
      for (; j + 2 <= n; j += 2) column_of_tiles<V, Lane, 0, 2>(from, to, j, k, a, b, start, out);
    for (; j < n; j++) column_of_tiles<V, Lane, 0, 1>(from, to, j, k, a, b, start, out);
  }
}

/* Writes the sums as they are. */
template <class V, bool Lane>
struct Store {
  Matrix<V, Lane> to;
  LANES_INLINE void operator()(int i, int j, V sum) const { sum.store(to.vector(i, j)); }
};
}  // namespace lanes
#endif
