#ifndef JEPALAB_LANES_STEP_H
#define JEPALAB_LANES_STEP_H
#include <type_traits>
#include <utility>

#include "cpu/braid-chain.h"
#include "cpu/braid-moments.h"
#include "cpu/products.h"

namespace lanes {
/*
 * One step of the training of a Net. All layouts run this code; they differ in what a vector holds. A team shares it by columns
 * of the data as long as these go their ways alone, and by rows of the gradients, where they meet.
 */
template <class V, int Runs, int D, int Kind>
struct Step : Products<V, Runs, D, Kind> {
  using Base = Products<V, Runs, D, Kind>;
  using typename Base::Mat;
  using Base::at, Base::columns, Base::each, Base::is_mirrored, Base::known_braid, Base::meet, Base::mirror, Base::multiply, Base::net,
      Base::rows, Base::some, Base::team, Base::turn;
  using Put = Store<Mat>;
  static constexpr bool Lane = Runs == V::width;
  // Whether W² and W¹ are updated together. Measured: with carries, whole vectors of AVX-512 lose by it above d = 4.
  static constexpr bool pairs_up = Lane && (Kind == PLAIN || D == 4 || V::width < 16);
  // What braids of known sizes have of their own.
  using Braid = std::conditional_t<D <= 4, BraidChain<V, Runs, D, Kind>, BraidTiles<V, Runs, D, Kind>>;

  /* W̄ and all that leads to it. */
  void forward() const {
    if constexpr (known_braid) return Braid::forward(net);
    for (int a = 2; a <= net.size.depth(); a++) {
      multiply(net.size.w(), net.cd(), net.size.w(), net.weight[a].left(), net.below[a - 1].right(), Put{net.below[a]});
    }
  }

  /* What the first member has drawn is there, and all columns of W̄, where they are needed next. */
  void gather() const {
    if (net.mode != LANES_DESCENT || net.form == LANES_FULL) meet();
  }

  /* R. */
  void residual() const {
    if constexpr (known_braid && D <= 4) {
      if (Braid::makes_residual(net)) return;
    }
    if (net.mode == LANES_DESCENT) {
      population();
    } else if (net.mode == LANES_GIVEN) {
      given();
    } else if constexpr (has_braid_moments<Net<V, Runs, D>>) {
      braid_moments(net);
    } else {
      moments();
    }
    gather();
  }

  /* The gradients, and each weight's update once nothing needs its old value. */
  void backward() const {
    if constexpr (known_braid) {
      Braid::backward(net);
    } else if constexpr (Lane) {
      down_lanes();
    } else if (D == 0 && team.members > 1) {
      down_team();
    } else {
      down_rows();
    }
  }

 private:
  /* Replaces each element of R by f(i, j). */
  template <class F>
  LANES_INLINE void replace(F f) const {
    const Mat residual = net.residual;
    each(columns(net.size.o(), net.cd()), [=](int i, int j) { f(i, j).store(residual.vector(i, j)); });
  }

  /* A part of the gradient of weight a, a product, and its update. */
  template <class A, class B>
  LANES_INLINE void descend(int a, const Part& part, int k, A left, B right) const {
    const auto into = update(a);
    if (D == 0 && net.momentum) {
      const Mat velocity = net.velocity[a];
      some(part, k, left, right, Push<Mat>{velocity, V::load(net.mu)});
      each(part, [=](int i, int j) { into(i, j, at(velocity, i, j)); });
    } else {
      some(part, k, left, right, into);
    }
  }

  /* Runs side by side: both turned operands of a product are read where they lie. */
  void down_lanes() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd(), cw = net.cw();
    Mat now = net.back;
    multiply(w, cd, o, net.weight[0].left().transposed(), net.residual.right(), Put{now});
    descend(0, columns(o, cw), d, net.residual.left(), net.product().right().transposed());
    for (int a = net.size.depth(); a >= 2; a--) {
      if (pairs_up && a == 2 && !net.momentum && o == w) return both(now);
      const Mat next = net.below[a];  // which nothing needs any more
      multiply(w, cd, w, net.weight[a].left().transposed(), now.right(), Put{next});
      descend(a, columns(w, cw), d, now.left(), net.below[a - 1].right().transposed());
      now = next;
    }
    if (D == 0 && net.momentum) {
      const Push<Mat> push{net.velocity[1], V::load(net.mu)};
      each(columns(w, cd), [=](int i, int j) { push(i, j, at(now, i, j)); });
      now = net.velocity[1];
    }
    const auto first = update(1);
    each(columns(w, cd), [=](int i, int j) { first(i, j, at(now, i, j)); });
  }

  /* Updates W² and W¹ from G₂. Each gradient needs the other's old weight, so W¹ moves to where R was, which nothing needs any more. */
  LANES_INLINE void both(const Mat& g) const {
    const int d = net.size.d(), w = net.size.w(), cd = net.cd(), cw = net.cw();
    auto first = update(1);
    first.to = net.residual;
    multiply(w, cd, w, net.weight[2].left().transposed(), g.right(), first);
    descend(2, columns(w, cw), d, g.left(), net.weight[1].right().transposed());
    std::swap(net.weight[1], net.residual);
    net.below[1] = net.weight[1];
  }

  /* One run alone: a gradient as soon as its operands are there. */
  void down_rows() const {
    const int w = net.size.w(), o = net.size.o(), cw = net.cw(), depth = net.size.depth();
    Mat now = net.residual;
    for (int a = 0, below = depth; below >= 1; a = below--) {
      const int height = a == 0 ? o : w;
      const Mat next = a == 0 ? net.back : net.below[a];  // which nothing needs any more
      if (!net.packs || below == 1) turn(net.below[below], net.turned[0]);
      if (is_mirrored()) mirror({0, height, 0, w}, net.weight[a], net.mirrored[0]);
      lower(a, below, height, net.mirrored[0], now, next);
      learn(a, below, columns(height, cw), now, net.turned[0]);
      now = next;
    }
  }

  /* One run, a team: columns go down by their members, then gradients by rows: two waits a step, for cores lie far apart. */
  void down_team() const {
    const int w = net.size.w(), o = net.size.o(), cw = net.cw(), depth = net.size.depth();
    const auto height = [=](int a) { return a == 0 ? o : w; };
    if (is_mirrored()) {
      for (int a = 0; a <= depth; a++)
        if (a != 1) mirror(rows(height(a), w), net.weight[a], net.mirrored[a]);
      meet();
    }
    for (int a = 0, below = depth; below >= 1; a = below--) {
      if (!net.packs || below == 1) turn(net.below[below], net.turned[a]);
      lower(a, below, height(a), net.mirrored[a], net.above[a], net.above[below]);
    }
    meet();
    for (int a = 0, below = depth; below >= 1; a = below--)
      learn(a, below, rows(height(a), cw), net.above[a], net.turned[a]);
    meet();
  }

  /* From the gradient of the product above weight a to that of the one below, which of W¹ is its own. */
  LANES_INLINE void lower(int a, int below, int height, const Mat& mirrored, const Mat& from, const Mat& to) const {
    const int w = net.size.w(), cd = net.cd();
    const auto by = [&](auto left) {
      if (below == 1) {
        descend(1, columns(w, cd), height, left, from.right());
      } else {
        multiply(w, cd, height, left, from.right(), Put{to});
      }
    };
    if (is_mirrored()) {
      by(mirrored.left());
    } else {
      by(net.weight[a].left().transposed());
    }
  }

  /* The gradient of weight a and its update. */
  LANES_INLINE void learn(int a, int below, const Part& part, const Mat& above, const Mat& turned) const {
    const auto by = [=](const Part& some, auto right) { descend(a, some, net.size.d(), above.left(), right); };
    if constexpr (Kind == INT8X3)
      if (below > 1) return by(part, digits::Source{net.below[below].at, net.below[below].ld() * V::width, false});
    if constexpr (D == 0 && Runs == 1)
      if (net.packs && below > 1) return turned_panels(part, net.size.w(), net.size.d(), net.below[below], by);
    by(part, turned.right());
  }

  LANES_INLINE Update<Mat, Kind> update(int a) const {
    return {net.weight[a], net.carry[a], net.weight[a], net.rate, D == 0 && (net.packs || (team.members > 1 && a != 1))};
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
