#ifndef JEPALAB_LANES_STEP_H
#define JEPALAB_LANES_STEP_H
#include <utility>

#include "cpu/net.h"
#include "cpu/results.h"
#include "cpu/team.h"
#include "cpu/turn.h"

namespace lanes {
/*
 * One step of the training of a Net, in stages that a team shares by rows. Both layouts run this code; they
 * differ in what a vector holds.
 */
template <class V, int Runs, int D, int Kind>
struct Step {
  using Real = typename V::Real;
  using Mat = typename Net<V, Runs, D>::Mat;
  using Put = Store<Mat>;
  static constexpr bool Lane = Runs == V::width;
  static constexpr int N = Net<V, Runs, D>::vectors(D);
  // Whether W² and W¹ are updated together. Measured: with carries, whole vectors of AVX-512 lose by it above d = 4.
  static constexpr bool may_mirror = D == 0 || D >= Net<V, Runs, D>::mirrored_from;
  static constexpr bool pairs_up = Lane && (Kind == PLAIN || D == 4 || V::width < 16);

  Net<V, Runs, D>& net;
  const Share team;

  /* W̄ and all that leads to it. */
  void forward() const {
    for (int a = 2; a <= net.size.depth(); a++) {
      multiply(net.size.w(), net.cd(), net.size.w(), net.weight[a].left(), net.below[a - 1].right(), Put{net.below[a]});
      meet();
    }
  }

  /* R. */
  void residual() const {
    if (net.mode == LANES_DESCENT) {
      population();
    } else if (net.mode == LANES_GIVEN) {
      given();
    } else {
      moments();
    }
    if constexpr (!Lane) ready(0, net.product());
    meet();
  }

  /* The gradients, and each weight's update once nothing needs its old value. */
  void backward() const {
    if constexpr (Lane) {
      down_lanes();
    } else {
      down_rows();
    }
  }

  /* This member's rows of a product. */
  template <class A, class B, class Out, class Start = FromZero<Mat>>
  LANES_INLINE void multiply(int m, int n, int k, A a, B b, const Out& out, const Start& start = {}) const {
    if constexpr (D > 0 && D <= 4) {
      chain_in_place<Mat, D, N>(0, m, n, k, a, b, start, out);  // a call would cost as much as the product
    } else {
      chain<Mat, D, N>(begin(m), end(m), n, k, a, b, start, out);
    }
  }

 private:
  /* This member's rows. Nobody shares a net whose size the compiler knows. */
  LANES_INLINE int begin(int rows) const { return D > 0 ? 0 : team.begin(rows); }
  LANES_INLINE int end(int rows) const { return D > 0 ? rows : team.end(rows); }
  LANES_INLINE void meet() const {
    if (D == 0) team.sync();
  }

  static LANES_INLINE V at(const Mat& m, int i, int j) { return V::load(m.vector(i, j)); }
  static LANES_INLINE V at(const Real* row, int j) { return V::load(row + j * V::width); }

  /* f(i, j) for this member's rows. */
  template <class F>
  LANES_INLINE void each(int rows, int columns, F f) const {
    for (int i = begin(rows); i < end(rows); i++)
      for (int j = 0; j < columns; j++) f(i, j);
  }

  /* Replaces each element of R by f(i, j). */
  template <class F>
  LANES_INLINE void replace(F f) const {
    const Mat residual = net.residual;
    each(net.size.o(), net.cd(), [=](int i, int j) { f(i, j).store(residual.vector(i, j)); });
  }

  /* The gradient of weight a, a product, and its update. */
  template <class A, class B>
  LANES_INLINE void descend(int a, int m, int n, int k, A left, B right) const {
    const auto into = update(a);
    if (D == 0 && net.momentum) {
      const Mat velocity = net.velocity[a];
      multiply(m, n, k, left, right, Push<Mat>{velocity, V::load(net.mu)});
      each(m, n, [=](int i, int j) { into(i, j, at(velocity, i, j)); });
    } else {
      multiply(m, n, k, left, right, into);
    }
  }

  /* Runs side by side: both turned operands of a product are read where they lie. */
  void down_lanes() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd(), cw = net.cw();
    Mat now = net.back;
    multiply(w, cd, o, net.weight[0].left().transposed(), net.residual.right(), Put{now});
    meet();
    descend(0, o, cw, d, net.residual.left(), net.product().right().transposed());
    meet();
    for (int a = net.size.depth(); a >= 2; a--) {
      if (pairs_up && a == 2 && !net.momentum && o == w) return both(now);
      const Mat next = net.below[a];  // which nothing needs any more
      multiply(w, cd, w, net.weight[a].left().transposed(), now.right(), Put{next});
      meet();
      descend(a, w, cw, d, now.left(), net.below[a - 1].right().transposed());
      meet();
      now = next;
    }
    if (D == 0 && net.momentum) {
      const Push<Mat> push{net.velocity[1], V::load(net.mu)};
      each(w, cd, [=](int i, int j) { push(i, j, at(now, i, j)); });
      now = net.velocity[1];
    }
    const auto first = update(1);
    each(w, cd, [=](int i, int j) { first(i, j, at(now, i, j)); });
    meet();
  }

  /* Updates W² and W¹ from G₂. Each gradient needs the other's old weight, so W¹ moves to where R was, which nothing needs any more. */
  LANES_INLINE void both(const Mat& g) const {
    const int d = net.size.d(), w = net.size.w(), cd = net.cd(), cw = net.cw();
    auto first = update(1);
    first.to = net.residual;
    multiply(w, cd, w, net.weight[2].left().transposed(), g.right(), first);
    descend(2, w, cw, d, g.left(), net.weight[1].right().transposed());
    std::swap(net.weight[1], net.residual);
    net.below[1] = net.weight[1];
  }

  /*
   * One run: its turned operands are made ready in the stage before, so that a stage ends with one barrier. W¹, which is its
   * own product and stands turned by then, takes its gradient as it is made.
   */
  void down_rows() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd(), cw = net.cw(), depth = net.size.depth();
    Mat now = net.residual;
    for (int a = 0, below = depth; below >= 1; a = below--) {
      const int rows = a == 0 ? o : w;
      const Mat next = a == 0 ? net.back : net.below[a];  // which nothing needs any more
      const bool mirrored = may_mirror && net.mirrored[0].at != nullptr;
      const auto lower = [&](auto left) {
        if (below == 1) {
          descend(1, w, cd, rows, left, now.right());
        } else {
          multiply(w, cd, rows, left, now.right(), Put{next});
        }
      };
      if (mirrored) {
        lower(net.mirrored[spare(a)].left());
      } else {
        lower(net.weight[a].left().transposed());
        meet();  // others have read the weight
      }
      descend(a, rows, cw, d, now.left(), net.turned[spare(a)].right());
      if (below >= 2) ready(below, net.below[below - 1]);
      meet();
      now = next;
    }
  }

  /* What the gradient of weight a needs turned: the product below it and, where large, the weight, down whose columns every
   * element is on a page of its own. */
  LANES_INLINE void ready(int a, const Mat& below) const {
    turn_blocks(net.size.w(), net.size.d(), below, net.turned[spare(a)]);
    if (may_mirror && net.mirrored[0].at != nullptr)
      turn_blocks(a == 0 ? net.size.o() : net.size.w(), net.size.w(), net.weight[a], net.mirrored[spare(a)]);
  }

  /* Others of a team may still read the turned operands of the weight before. */
  int spare(int a) const { return team.members > 1 ? (a == 0 ? net.size.depth() + 1 : a) & 1 : 0; }

  /* to = from', from [rows][cols]; a member turns whole blocks. */
  LANES_INLINE void turn_blocks(int rows, int cols, const Mat& from, const Mat& to) const {
    constexpr int width = V::width, across = width / Runs;
    const int blocks = net.columns(cols), last = end(blocks) * across;
    transpose<V, Runs>(rows, begin(blocks) * across, last < cols ? last : cols, from.at, from.ld() * width, to.at, to.ld() * width);
  }

  LANES_INLINE Update<Mat, Kind> update(int a) const {
    return {net.weight[a], net.carry[a], net.weight[a], net.rate};
  }

  void population() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const bool scaled = net.jepa && net.form == LANES_DIAGONAL;
    Mat target = net.jepa ? net.product() : net.syx;
    if (net.jepa && !scaled) {
      multiply(o, cd, d, net.product().left(), net.syx.right(), Put{net.residual});
      target = net.residual;  // each element is read just before it is replaced
    }
    multiply(o, cd, w, net.weight[0].left(), net.product().right(),
             Residual<Mat>{net.residual, target, net.sxx, net.lambda, scaled});
  }

  /* The moments of the batch are full matrices. */
  void given() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat mixed = net.mixed, residual = net.residual, target = net.jepa ? net.target : net.syx;
    multiply(o, cd, w, net.weight[0].left(), net.product().right(), Put{mixed});
    if (net.jepa) multiply(o, cd, d, net.product().left(), net.syx.right(), Put{target});
    meet();
    multiply(o, cd, d, mixed.left(), net.batch.right(), Put{residual});
    replace([=](int i, int j) { return at(residual, i, j) - at(target, i, j); });
  }

  /* The batch's moments in law from A and −K = −H G (`kick`); U' and R stand in `residual`, Z in `mixed`. */
  void moments() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat residual = net.residual, product = net.product(), mixed = net.mixed, kick = net.kick;
    if (net.jepa && net.form == LANES_DIAGONAL) {
      multiply(o, cd, w, net.weight[0].left(), product.right(), ApartFrom<Mat>{residual, product, net.rho, net.sigma});
    } else {
      if (net.jepa) multiply(o, cd, d, product.left(), net.slope.right(), Put{mixed});
      const Mat target = net.jepa ? mixed : net.slope;
      multiply(o, cd, w, net.weight[0].left(), product.right(), Apart<Mat>{residual, target, net.sigma});
    }
    meet();
    if (net.jepa) {
      multiply(o, cd, d, residual.left(), net.lower.right(), Put{mixed});
      multiply(o, cd, d, product.left(), kick.right(), Put{mixed}, From<Mat>{mixed});
    } else {
      multiply(o, cd, d, residual.left(), net.lower.right(), Plus<Mat>{mixed, kick});
    }
    meet();
    const Scaled<Mat> share{residual, net.sigma_share};
    if constexpr (Lane) {
      multiply(o, cd, d, mixed.left(), net.lower.right().transposed(), share);
    } else {
      multiply(o, cd, d, mixed.left(), net.upper.right(), share);
    }
  }
};
}  // namespace lanes
#endif
