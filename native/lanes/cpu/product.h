#ifndef JEPALAB_LANES_PRODUCT_H
#define JEPALAB_LANES_PRODUCT_H
#include <cstddef>

#include "cpu/lane-tile.h"
#include "cpu/vec.h"
#include "lanes.h"

namespace lanes {
/* A stride in reals; one that the compiler knows is in the type, where it takes no room. 0: it is told at run time. */
template <int Known, int Which>
struct Stride {
  LANES_INLINE explicit Stride(std::ptrdiff_t) {}
  LANES_INLINE std::ptrdiff_t get() const { return Known; }
};
template <int Which>
struct Stride<0, Which> {
  std::ptrdiff_t told;
  LANES_INLINE explicit Stride(std::ptrdiff_t told) : told(told) {}
  LANES_INLINE std::ptrdiff_t get() const { return told; }
};

/* Where the elements of an operand lie: (r, c) starts at `at` + r·row + c·col. */
template <class T, int Row, int Col>
struct View : private Stride<Row, 0>, private Stride<Col, 1> {
  using Real = T;
  static constexpr int along = Col;
  const Real* at;
  LANES_INLINE View(const Real* at, std::ptrdiff_t row, std::ptrdiff_t col)
      : Stride<Row, 0>(row), Stride<Col, 1>(col), at(at) {}
  LANES_INLINE std::ptrdiff_t row() const { return Stride<Row, 0>::get(); }
  LANES_INLINE std::ptrdiff_t col() const { return Stride<Col, 1>::get(); }
  LANES_INLINE View<Real, Col, Row> transposed() const { return {at, col(), row()}; }
  LANES_INLINE View from(int c) const { return {at + c * col(), row(), col()}; }
};

/*
 * A matrix of `Runs` runs, rows of `ld` vectors (LD, where the compiler knows it). A vector holds width / Runs columns, the runs'
 * elements of a column side by side: one column of `width` runs (lanes), `width` columns of one run (matrix), or between them
 * (braid). Zero beyond the last column.
 */
template <class V, int Runs, int LD = 0>
struct Matrix : private Stride<LD, 0> {
  using Real = typename V::Real;
  using Vector = V;
  static constexpr int runs = Runs;
  static constexpr bool lane = Runs == V::width;
  Real* at;
  LANES_INLINE Matrix(Real* at = nullptr, int ld = 0) : Stride<LD, 0>(ld), at(at) {}
  LANES_INLINE int ld() const { return static_cast<int>(Stride<LD, 0>::get()); }
  LANES_INLINE Real* vector(int r, int c) const {
    return at + (static_cast<std::ptrdiff_t>(r) * ld() + c) * V::width;
  }
  /* As the left operand: the runs' elements, which are repeated to fill a vector. */
  LANES_INLINE View<Real, LD * V::width, Runs> left() const { return {at, ld() * V::width, Runs}; }
  /* As the right operand, vector by vector. */
  LANES_INLINE View<Real, LD * V::width, V::width> right() const { return {at, ld() * V::width, V::width}; }
  /* The same matrix for code that takes any. */
  LANES_INLINE operator Matrix<V, Runs>() const { return {at, ld()}; }
};

/* A left operand's element, of each run. */
template <class V, int Runs>
LANES_INLINE V repeated(const typename V::Real* p) {
  if constexpr (Runs == 1) {
    return V::broadcast(*p);
  } else if constexpr (Runs == V::width) {
    return V::load(p);
  } else {
    return V::template repeat<Runs>(p);
  }
}

/* How many accumulators fill the registers, with room for the operands. */
constexpr int tile_columns(bool lane) { return registers == 32 ? (lane ? 6 : 4) : (lane ? 4 : 2); }
constexpr int tile_rows(bool lane, int columns) {
  if (lane) return registers == 32 ? 4 : 3;
  if (registers == 32) return columns <= 3 ? 8 : 6;
  return columns == 1 ? 8 : 6;
}
/* The even piece of n that is no larger than `most`. */
constexpr int even_piece(int n, int most) {
  const int pieces = (n + most - 1) / most;
  return (n + pieces - 1) / pieces;
}

/* Rows `top` to `bottom` and vector columns `left` to `right` of a product. */
struct Part {
  int top, bottom, left, right;
};

/* Chains begin at +0. */
template <class Mat>
struct FromZero {
  using V = typename Mat::Vector;
  LANES_INLINE V operator()(int, int) const { return V::zero(); }
};

/* Chains go on from a matrix. */
template <class Mat>
struct From {
  using V = typename Mat::Vector;
  Mat matrix;
  LANES_INLINE V operator()(int i, int j) const { return V::load(matrix.vector(i, j)); }
};

/* Results that lie far have the n-th of their tile's places fetched while its chains run, one every few links. */
template <class Out>
LANES_INLINE void foresee(const Out&, int, int, int, int, int) {}

/* TM × TN elements from (i0, j0) on, b from its column j0: each one fma chain over rising k. */
template <int TM, int TN, class Mat, class A, class B, class Start, class Out>
LANES_INLINE void tile(int i0, int j0, int k, A a, B b, const Start& start, const Out& out) {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  if constexpr (Mat::lane) return lane_tile<TM, TN, V>(i0, j0, k, a, b, start, out);
  V acc[TM][TN];
#pragma GCC unroll 8
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) acc[i][j] = start(i0 + i, j0 + j);
  const Real* left = a.at + i0 * a.row();
  const Real* right = b.at;
  const auto link = [&] {
    V columns[TN];
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) columns[j] = held(V::load(right + j * b.col()));
#pragma GCC unroll 8
    for (int i = 0; i < TM; i++) {
      const V row = TN > 1 ? held(repeated<V, Mat::runs>(left + i * a.row())) : repeated<V, Mat::runs>(left + i * a.row());
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) acc[i][j] = fma(row, columns[j], acc[i][j]);
    }
    left += a.col();
    right += b.row();
  };
  // Measured: wide tiles along a row of the left operand eight at a time, so that the loop's end is foreseen; else two.
  constexpr int links = TN >= 3 && A::along == Mat::runs ? 8 : 2;
  int p = links;
  for (; p <= k; p += links) {
    if (links == 8) foresee(out, i0, TM, j0, TN, p / links - 1);
#pragma GCC unroll 8
    for (int q = 0; q < links; q++) link();
  }
  for (p -= links; p < k; p++) link();
#pragma GCC unroll 8
  for (int j = 0; j < TN; j++) {
    const auto column = out.column(j0 + j);
#pragma GCC unroll 8
    for (int i = 0; i < TM; i++) column(i0 + i, acc[i][j]);
  }
}

/* Rows `from` to `to` of TN columns. M > 0 is the number of rows where the compiler knows it, and `from` is 0. */
template <class Mat, int M, int TN, class A, class B, class Start, class Out>
LANES_INLINE void column_of_tiles(int from, int to, int j0, int k, A a, B b, const Start& start, const Out& out) {
  constexpr int most = tile_rows(Mat::lane, TN);
  if constexpr (M > 0) {
    constexpr int size = even_piece(M, most), rest = M % size;
    for (int i = 0; i + size <= M; i += size) tile<size, TN, Mat>(i, j0, k, a, b, start, out);
    if constexpr (rest > 0) tile<rest, TN, Mat>(M - rest, j0, k, a, b, start, out);
  } else {
    int i = from;
    for (; i + most <= to; i += most) tile<most, TN, Mat>(i, j0, k, a, b, start, out);
    if constexpr (Mat::lane) {
      for (; i + 2 <= to; i += 2) tile<2, TN, Mat>(i, j0, k, a, b, start, out);
    } else {
      if (i + 4 <= to) tile<4, TN, Mat>(i, j0, k, a, b, start, out), i += 4;
      if (i + 3 == to) return tile<3, TN, Mat>(i, j0, k, a, b, start, out);
      if (i + 2 <= to) tile<2, TN, Mat>(i, j0, k, a, b, start, out), i += 2;
    }
    for (; i < to; i++) tile<1, TN, Mat>(i, j0, k, a, b, start, out);
  }
}

/*
 * out.column(j)(i, chain over k of a(i, k) b(k, j)) for the rows i and vector columns j of a part. M and N are the rows (and k)
 * and columns where the compiler knows them, and the part is the whole; else 0.
 */
template <class Mat, int M, int N, class A, class B, class Start, class Out>
LANES_INLINE void chain_in_place(const Part& part, int k, A a, B b, const Start& start, const Out& out) {
  constexpr int most = tile_columns(Mat::lane);
  if constexpr (N > 0) {
    constexpr int size = even_piece(N, most), rest = N % size;
    for (int j = 0; j + size <= N; j += size) column_of_tiles<Mat, M, size>(0, M, j, M, a, b.from(j), start, out);
    if constexpr (rest > 0) column_of_tiles<Mat, M, rest>(0, M, N - rest, M, a, b.from(N - rest), start, out);
  } else {
    const int from = part.top, to = part.bottom, n = part.right;
    int j = part.left;
    if constexpr (!Mat::lane && most == 4) {
      // Fours, and threes where something would be left over: 5 = 3 + 2, 6 = 3 + 3, 7 = 3 + 4.
      const int left = n - j, wanted = (4 - left % 4) % 4, threes = left == 5 ? 1 : 3 * wanted <= left ? wanted : 0;
      for (int t = 0; t < threes; t++, j += 3) column_of_tiles<Mat, 0, 3>(from, to, j, k, a, b.from(j), start, out);
    }
    for (; j + most <= n; j += most) column_of_tiles<Mat, 0, most>(from, to, j, k, a, b.from(j), start, out);
    if constexpr (Mat::lane && most > 4)
      for (; j + 4 <= n; j += 4) column_of_tiles<Mat, 0, 4>(from, to, j, k, a, b.from(j), start, out);
    if constexpr (most > 2)
      for (; j + 2 <= n; j += 2) column_of_tiles<Mat, 0, 2>(from, to, j, k, a, b.from(j), start, out);
    for (; j < n; j++) column_of_tiles<Mat, 0, 1>(from, to, j, k, a, b.from(j), start, out);
  }
}

/* Measured: below so many links the copies cost more than they spare. */
constexpr int panels_from = 192;

/* Large matrices, a panel of columns at a time side by side: rows that lie far apart miss caches and page tables. */
template <class Mat, class A, class B, class Start, class Out>
LANES_INLINE int chain_by_panels(const Part& part, int k, A a, B b, const Start& start, const Out& out) {
  using V = typename Mat::Vector;
  constexpr int most = tile_columns(false), width = most * V::width;
  alignas(64) typename V::Real panel[LANES_MAX_WIDTH * width];
  int j = part.left;
  for (; j + most <= part.right; j += most) {
    for (int p = 0; p < k; p++)
      for (int c = 0; c < most; c++)
        V::load(b.at + p * b.row() + (j + c) * b.col()).store(panel + p * width + c * V::width);
    const View<typename V::Real, width, V::width> beside{panel, 0, 0};
    column_of_tiles<Mat, 0, most>(part.top, part.bottom, j, k, a, beside, start, out);
  }
  return j;
}

/* The same, made once for each kind of operand and result: it is the bulk of the code. */
template <class Mat, int M, int N, class A, class B, class Start, class Out>
__attribute__((noinline)) void chain(Part part, int k, A a, B b, const Start& given_start, const Out& given_out) {
  const Start start = given_start;  // by reference, for a copy on the stack is written in pieces and read whole, which waits
  const Out out = given_out;
  if constexpr (M == 0 && !Mat::lane) {
    const bool beside = b.row() == tile_columns(false) * Mat::Vector::width;
    if (!beside && k >= panels_from && part.bottom - part.top >= panels_from / 4)
      part.left = chain_by_panels<Mat>(part, k, a, b, start, out);
  }
  chain_in_place<Mat, M, N>(part, k, a, b, start, out);
}

/* Rows `from` to `to` of all n columns. */
template <class Mat, int M, int N, class A, class B, class Start, class Out>
LANES_INLINE void chain(int from, int to, int n, int k, A a, B b, const Start& start, const Out& out) {
  chain<Mat, M, N>(Part{from, to, 0, n}, k, a, b, start, out);
}

/* Writes the sums as they are. What a column of results needs, its rows share. */
template <class Mat>
struct Store {
  using V = typename Mat::Vector;
  Mat to;
  LANES_INLINE auto column(int j) const {
    return [=](int i, V sum) { sum.store(to.vector(i, j)); };
  }
};
}  // namespace lanes
#endif
