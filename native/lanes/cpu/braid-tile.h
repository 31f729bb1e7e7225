#ifndef JEPALAB_LANES_BRAID_TILE_H
#define JEPALAB_LANES_BRAID_TILE_H
#include <type_traits>
#include <utility>

#include "cpu/net.h"
#include "cpu/results.h"
#include "cpu/turn.h"

namespace lanes {
/* What a chain takes of a triangle on the right: all, or only what may differ from 0 in a vector of columns. */
enum class Take { all, lower, upper };

/*
 * `Height` rows of a square product of a braid, whose chains are written out. Two links at a time, where the registers suffice,
 * and column after column: so a tile's columns end one after the other, and each is stored while the next is summed. The compiler
 * keeps this order. Measured: sixteen stores at once cost a sixth of a tile of d = 8.
 */
template <class Mat, int D, int Height>
struct BraidTile {
  using V = typename Mat::Vector;
  static constexpr int across = V::width / Mat::runs, columns = D / across, rows = Height;
  static constexpr int links = rows <= 4 ? 2 : 1;
  using Rows = V[rows][columns];

  static LANES_INLINE void clear(Rows& acc) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) acc[i][c] = V::zero();
  }

  /* acc += rows of a, from its first on, times b over rising k; done(c) once column c is whole. */
  template <Take take = Take::all, class A, class B, class Done>
  static LANES_INLINE void chain(A a, B b, Rows& acc, Done done) {
    chain<take>(std::make_integer_sequence<int, D / links>(), a, b, acc, done);
  }

 private:
  static constexpr bool takes(Take take, int k, int c) {
    return take == Take::all || (take == Take::lower ? c <= k / across : c >= k / across);
  }

  static LANES_INLINE V placed(V x) {
    asm volatile("" : "+v"(x.v));
    return x;
  }

  template <Take take, class A, class B, class Done, int... ks>
  static LANES_INLINE void chain(std::integer_sequence<int, ks...>, A a, B b, Rows& acc, Done done) {
    const auto link = [&](auto at) __attribute__((always_inline)) {
      constexpr int k = at * links;
      V left[links][rows];
#pragma GCC unroll 8
      for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int p = 0; p < links; p++)
          left[p][i] = placed(V::template repeat<Mat::runs>(a.at + i * a.row() + (k + p) * a.col()));
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) {
        V right[links];
#pragma GCC unroll 8
        for (int p = 0; p < links; p++)
          if (takes(take, k + p, c)) right[p] = placed(V::load(b.at + (k + p) * b.row() + c * b.col()));
#pragma GCC unroll 8
        for (int p = 0; p < links; p++)
#pragma GCC unroll 8
          for (int i = 0; i < rows; i++)
            if (takes(take, k + p, c)) acc[i][c] = placed(fma(left[p][i], right[p], acc[i][c]));
        if (k + links < D) continue;
        done(c);
        asm volatile("" ::: "memory");
      }
    };
    (link(std::integral_constant<int, ks>()), ...);
  }
};

/* Writes the sums as they are and, turned, for the product that reads their columns. */
template <class Mat>
struct StoreTurned {
  Mat to, turned;
};

/* What becomes of rows i0 … of column c. */
template <class Tile, class Out>
LANES_INLINE void finish(Tile, const Out& out, int i0, int c, const typename Tile::Rows& acc) {
  const auto column = out.column(c);
#pragma GCC unroll 8
  for (int i = 0; i < Tile::rows; i++) column(i0 + i, acc[i][c]);
}

template <class Tile, class Mat>
LANES_INLINE void finish(Tile, const StoreTurned<Mat>& out, int i0, int c, const typename Tile::Rows& acc) {
  constexpr int across = Tile::across;
  typename Tile::V block[across], turned[across];
#pragma GCC unroll 8
  for (int i = 0; i < Tile::rows; i += across) {
#pragma GCC unroll 8
    for (int q = 0; q < across; q++) {
      block[q] = acc[i + q][c];
      block[q].store(out.to.vector(i0 + i + q, c));
    }
    turn_parts(block, turned);
#pragma GCC unroll 8
    for (int q = 0; q < across; q++) turned[q].store(out.turned.vector(c * across + q, (i0 + i) / across));
  }
}

/* Whether an Out turns results, which it does by whole blocks. */
template <class Out>
constexpr bool turns = false;
template <class Mat>
constexpr bool turns<StoreTurned<Mat>> = true;

/*
 * f(tile, its first row) for the tiles of a product, sixteen vectors each or, where rows are four vectors and no blocks must be
 * whole, six rows and twice five: so fewer operands are loaded. Measured at d = 16: a hundredth more steps, of sgd two.
 */
template <class Mat, int D, bool Blocks, class F>
LANES_INLINE void each_tile(F f) {
  constexpr int columns = D * Mat::runs / Mat::Vector::width, rows = Blocks || columns < 4 ? 16 / columns : 5;
  constexpr int first = D % rows == 0 ? 0 : rows + D % rows;
  int end = D;
  if constexpr (first > 0) {
    f(BraidTile<Mat, D, first>(), 0);
    asm("" : "+r"(end));  // or g++ writes the loop out
  }
#pragma GCC unroll 1
  for (int i = first; i < end; i += rows) f(BraidTile<Mat, D, rows>(), i);
}

template <class A>
LANES_INLINE A rows_from(int i, A left) {
  left.at += i * left.row();
  return left;
}

/* out.column(c)(i, chain over k of a(i, k) b(k, c)). */
template <class Mat, int D, class A, class B, class Out>
__attribute__((noinline)) void multiply_braid(A a, B b, const Out& given) {
  const Out out = given;  // by reference, as in product.h
  each_tile<Mat, D, turns<Out>>([&](auto tile, int i0) __attribute__((always_inline)) {
    using Tile = decltype(tile);
    typename Tile::Rows acc;
    Tile::clear(acc);
    Tile::chain(rows_from(i0, a), b, acc, [&](int c) __attribute__((always_inline)) { finish(tile, out, i0, c, acc); });
  });
}

/* A braid's step where the compiler knows its size. */
template <class V, int Runs, int D, int Kind>
struct BraidTiles {
  using Braid = Net<V, Runs, D>;
  using Mat = typename Braid::Mat;

  static void forward(const Braid& net) {
    for (int a = 2; a <= net.size.depth(); a++)
      multiply_braid<Mat, D>(net.weight[a].left(), net.below[a - 1].right(), StoreTurned<Mat>{net.below[a], net.turned[a]});
  }

  /* The gradients and updates from R. The product that lies turned gives its place to its gradient, W¹ is turned where W̄ was. */
  static void backward(const Braid& net) {
    const int depth = net.size.depth();
    Mat now = net.residual;
    for (int a = 0, below = depth; below >= 1; a = below--) {
      const Mat to = net.below[below], turned = net.turned[below > 1 ? below : depth];
      const auto left = net.weight[a].left().transposed();
      if (below > 1) {
        multiply_braid<Mat, D>(left, now.right(), Store<Mat>{to});
      } else {
        transpose<V, Runs>(D, 0, D, to.at, to.ld() * V::width, turned.at, turned.ld() * V::width);
        multiply_braid<Mat, D>(left, now.right(), update(net, 1));
      }
      multiply_braid<Mat, D>(now.left(), turned.right(), update(net, a));
      now = to;
    }
  }

 private:
  static LANES_INLINE Update<Mat, Kind> update(const Braid& net, int a) {
    return {net.weight[a], net.carry[a], net.weight[a], net.rate, false};
  }
};
}  // namespace lanes
#endif
