#ifndef JEPALAB_LANES_STEP_H
#define JEPALAB_LANES_STEP_H
#include "cpu/net.h"
#include "cpu/team.h"
#include "cpu/turn.h"

namespace lanes {
/* What an update does to a weight; see README.md, "The arithmetic". */
enum Rule { PLAIN = 0, COMPENSATED = 1 };

/* R = U sxx − T, where T is a matrix or, `scaled`, W̄ scaled by λ. */
template <class Mat>
struct Residual {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  Mat to, target;
  const Real *sxx, *lambda;
  bool scaled;
  LANES_INLINE auto column(int j) const {
    const V variance = V::load(sxx + j * V::width), scale = V::load(lambda + j * V::width);
    return [=](int i, V u) {
      const V t = V::load(target.vector(i, j));
      fms(u, variance, scaled ? t * scale : t).store(to.vector(i, j));
    };
  }
};

/* A gradient's element, or with momentum the velocity's, goes into its weight. */
template <class Mat, int Kind>
struct Update {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  Mat weight, carry;
  V rate;
  LANES_INLINE void operator()(int i, int j, V g) const {
    Real* w = weight.vector(i, j);
    if constexpr (Kind == COMPENSATED) {
      Real* c = carry.vector(i, j);
      const V was = V::load(w), y = fnma(rate, g, V::load(c)), is = was + y;
      (y - (is - was)).store(c);
      is.store(w);
    } else {
      fnma(rate, g, V::load(w)).store(w);
    }
  }
  LANES_INLINE auto column(int j) const {
    return [=](int i, V g) { (*this)(i, j, g); };
  }
};

/* A gradient's element goes into its velocity. */
template <class Mat>
struct Push {
  using V = typename Mat::Vector;
  Mat velocity;
  V mu;
  LANES_INLINE void operator()(int i, int j, V g) const {
    auto* v = velocity.vector(i, j);
    fma(mu, V::load(v), g).store(v);
  }
  LANES_INLINE auto column(int j) const {
    return [=](int i, V g) { (*this)(i, j, g); };
  }
};

/*
 * One step of the training of a Net, in stages that a team shares by rows. Both layouts run this code; they
 * differ in what a vector holds.
 */
template <class V, bool Lane, int D, int Kind>
struct Step {
  using Real = typename V::Real;
  using Mat = typename Net<V, Lane, D>::Mat;
  using Put = Store<Mat>;
  static constexpr int N = D == 0 ? 0 : (Lane ? D : (D + V::width - 1) / V::width);

  Net<V, Lane, D>& net;
  const Share team;

  /* W̄ and all that leads to it. */
  void forward() const {
    for (int a = 2; a <= net.size.depth(); a++) {
      multiply(net.size.w(), net.cd(), net.size.w(), net.weight[a].left(), net.below[a - 1].right(), Put{net.below[a]});
      team.sync();
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
    team.sync();
  }

  /* The gradients, and each weight's update once nothing needs its old value. */
  void backward() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd(), cw = net.cw();
    Mat now = net.back;
    const auto product_turned = turn(net.product());
    multiply_turned(w, cd, o, net.weight[0], net.residual, now);
    team.sync();
    descend(0, o, cw, d, net.residual.left(), product_turned);
    team.sync();
    for (int a = net.size.depth(); a >= 2; a--) {
      const auto below_turned = turn(net.below[a - 1]);
      const Mat next = net.below[a];  // which nothing needs any more
      multiply_turned(w, cd, w, net.weight[a], now, next);
      team.sync();
      descend(a, w, cw, d, now.left(), below_turned);
      team.sync();
      now = next;
    }
    if (D == 0 && net.momentum) {
      const Push<Mat> push{net.velocity[1], V::load(net.mu)};
      each(w, cd, [=](int i, int j) { push(i, j, at(now, i, j)); });
      now = net.velocity[1];
    }
    const auto first = update(1);
    each(w, cd, [=](int i, int j) { first(i, j, at(now, i, j)); });
    team.sync();
  }

  /* This member's rows of a product. */
  template <class A, class B, class Out, class Start = FromZero<Mat>>
  LANES_INLINE void multiply(int m, int n, int k, A a, B b, Out out, Start start = {}) const {
    if constexpr (D > 0 && D <= 4) {
      chain_in_place<Mat, D, N>(0, m, n, k, a, b, start, out);  // a call would cost as much as the product
    } else {
      chain<Mat, D, N>(team.begin(m), team.end(m), n, k, a, b, start, out);
    }
  }

 private:
  static LANES_INLINE V at(const Mat& m, int i, int j) { return V::load(m.vector(i, j)); }
  static LANES_INLINE V at(const Real* row, int j) { return V::load(row + j * V::width); }

  /* f(i, j) for this member's rows. */
  template <class F>
  LANES_INLINE void each(int rows, int columns, F f) const {
    for (int i = team.begin(rows); i < team.end(rows); i++)
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

  /* to [m][n] = left' right, left [k][m]. Down the columns of a large matrix every element is on a page of its own. */
  LANES_INLINE void multiply_turned(int m, int n, int k, const Mat& left, const Mat& right, const Mat& to) const {
    if constexpr (!Lane && D == 0) {
      if (net.mirrored.at != nullptr) {
        turn_blocks(k, m, left, net.mirrored);
        team.sync();
        return multiply(m, n, k, net.mirrored.left(), right.right(), Put{to});
      }
    }
    multiply(m, n, k, left.left().transposed(), right.right(), Put{to});
  }

  /* to = from', from [rows][cols]; a member turns whole blocks. */
  LANES_INLINE void turn_blocks(int rows, int cols, const Mat& from, const Mat& to) const {
    constexpr int width = V::width;
    const int blocks = net.columns(cols), begin = team.begin(blocks) * width, end = team.end(blocks) * width;
    transpose<V>(rows, begin, end < cols ? end : cols, from.at, from.ld() * width, to.at, to.ld() * width);
  }

  /* A matrix with w rows as a right operand that is read by columns. */
  LANES_INLINE auto turn(const Mat& m) const {
    if constexpr (Lane) {
      return m.right().transposed();
    } else {
      turn_blocks(net.size.w(), net.size.d(), m, net.turned);
      team.sync();
      return net.turned.right();
    }
  }

  LANES_INLINE Update<Mat, Kind> update(int a) const {
    return {net.weight[a], net.carry[a], V::load(net.rate)};
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
    team.sync();
    multiply(o, cd, d, mixed.left(), net.batch.right(), Put{residual});
    replace([=](int i, int j) { return at(residual, i, j) - at(target, i, j); });
  }

  /* The batch's moments in law from A and −K = −H G (`kick`); U' and R stand in `residual`, Z in `mixed`. */
  void moments() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat residual = net.residual, product = net.product(), mixed = net.mixed, kick = net.kick;
    const Real *sigma = net.sigma, *sigma_share = net.sigma_share, *rho = net.rho;
    multiply(o, cd, w, net.weight[0].left(), product.right(), Put{residual});
    if (net.jepa && net.form == LANES_DIAGONAL) {
      replace([=](int i, int j) { return fnma(at(product, i, j), at(rho, j), at(residual, i, j)) * at(sigma, j); });
    } else {
      const Mat target = net.jepa ? mixed : net.slope;
      if (net.jepa) multiply(o, cd, d, product.left(), net.slope.right(), Put{mixed});
      replace([=](int i, int j) { return (at(residual, i, j) - at(target, i, j)) * at(sigma, j); });
    }
    team.sync();
    multiply(o, cd, d, residual.left(), net.lower.right(), Put{mixed});
    if (net.jepa) multiply(o, cd, d, product.left(), kick.right(), Put{mixed}, From<Mat>{mixed});
    if (!net.jepa)
      each(o, cd, [=](int i, int j) { (at(mixed, i, j) + at(kick, i, j)).store(mixed.vector(i, j)); });
    team.sync();
    if constexpr (Lane) {
      multiply(o, cd, d, mixed.left(), net.lower.right().transposed(), Put{residual});
    } else {
      multiply(o, cd, d, mixed.left(), net.upper.right(), Put{residual});
    }
    replace([=](int i, int j) { return at(residual, i, j) * at(sigma_share, j); });
  }
};
}  // namespace lanes
#endif
