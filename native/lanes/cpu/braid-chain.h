#ifndef JEPALAB_LANES_BRAID_CHAIN_H
#define JEPALAB_LANES_BRAID_CHAIN_H
#include "cpu/net.h"
#include "cpu/results.h"
#include "cpu/turn.h"

namespace lanes {
/*
 * The step of a braid whose matrices are eight vectors: a product stays in registers for the next one, as its right operand and,
 * in halves, as the left one of its gradient. Measured at d = 4: a sixth more steps than by tiles.
 */
template <class V, int Runs, int D, int Kind>
struct BraidChain {
  using Braid = Net<V, Runs, D>;
  using Mat = typename Braid::Mat;
  static constexpr int columns = Braid::vectors(D);
  static_assert(Braid::across == 2 && D * columns == 8, "a matrix fills a quarter of the registers, a vector two columns");

  static __attribute__((noinline)) void forward(const Braid& net) {
    const int depth = net.size.depth();
    Rows product = load(net.below[1]);
    for (int a = 2; a <= depth; a++) {
      const Rows next = times(net.weight[a].left(), product);
      turn(product, net.turned[a - 1]);
      product = next;
    }
    turn(product, net.turned[depth]);
    each([&](int i, int c) __attribute__((always_inline)) { product.at[i][c].store(net.product().vector(i, c)); });
  }

  /* Whether R is made on the way back; else it waits in its place. */
  static LANES_INLINE bool makes_residual(const Braid& net) {
    return net.mode == LANES_DESCENT && net.jepa && net.form == LANES_DIAGONAL;
  }

  /* The gradients and updates. */
  static __attribute__((noinline)) void backward(const Braid& net) {
    Rows now = makes_residual(net) ? residual(net) : load(net.residual);
    for (int a = 0, below = net.size.depth();; a = below--) {
      const Rows next = times(net.weight[a].left().transposed(), now);
      const Rows gradient = times(now, net.turned[below].right());
      if (below == 1) update(net, 1, next);
      update(net, a, gradient);
      if (below == 1) return;
      now = next;
    }
  }

 private:
  struct Rows {
    V at[D][columns];
  };

  template <class F>
  static LANES_INLINE void each(F f) {
#pragma GCC unroll 8
    for (int i = 0; i < D; i++)
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) f(i, c);
  }

  static LANES_INLINE Rows load(const Mat& from) {
    Rows rows;
    each([&](int i, int c) __attribute__((always_inline)) { rows.at[i][c] = held(V::load(from.vector(i, c))); });
    return rows;
  }

  /* The chains over rising k of left(i, k) right(k, c). */
  template <class Left, class Right>
  static LANES_INLINE Rows chains(Left left, Right right) {
    Rows sum;
    each([&](int i, int c) __attribute__((always_inline)) { sum.at[i][c] = V::zero(); });
#pragma GCC unroll 8
    for (int k = 0; k < D; k++) {
      V row[columns];
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) row[c] = right(k, c);
#pragma GCC unroll 8
      for (int i = 0; i < D; i++) {
        const V x = held(left(i, k));
#pragma GCC unroll 8
        for (int c = 0; c < columns; c++) sum.at[i][c] = fma(x, row[c], sum.at[i][c]);
      }
    }
    return sum;
  }

  template <class A>
  static LANES_INLINE Rows times(A a, const Rows& right) {
    return chains([&](int i, int k) __attribute__((always_inline)) { return V::template repeat<Runs>(a.at + i * a.row() + k * a.col()); },
                  [&](int k, int c) __attribute__((always_inline)) { return right.at[k][c]; });
  }

  template <class B>
  static LANES_INLINE Rows times(const Rows& left, B b) {
    return chains([&](int i, int k) __attribute__((always_inline)) { return repeat_half(left.at[i][k / 2], k % 2); },
                  [&](int k, int c) __attribute__((always_inline)) { return held(V::load(b.at + k * b.row() + c * b.col())); });
  }

  static LANES_INLINE Rows residual(const Braid& net) {
    const Rows product = load(net.product());
    Rows r = times(net.weight[0].left(), product);
    each([&](int i, int c) __attribute__((always_inline)) {
      const V target = product.at[i][c] * V::load(net.lambda + c * V::width);
      r.at[i][c] = fms(r.at[i][c], V::load(net.sxx + c * V::width), target);
    });
    return r;
  }

  static LANES_INLINE void turn(const Rows& rows, const Mat& to) {
#pragma GCC unroll 8
    for (int i = 0; i < D; i += 2)
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) {
        const V block[2] = {rows.at[i][c], rows.at[i + 1][c]};
        V turned[2];
        turn_parts(block, turned);
        turned[0].store(to.vector(2 * c, i / 2)), turned[1].store(to.vector(2 * c + 1, i / 2));
      }
  }

  static LANES_INLINE void update(const Braid& net, int a, const Rows& gradient) {
    const Update<Mat, Kind> into{net.weight[a], net.carry[a], net.weight[a], net.rate, false};
    each([&](int i, int c) __attribute__((always_inline)) { into(i, c, gradient.at[i][c]); });
  }
};
}  // namespace lanes
#endif
