#ifndef JEPALAB_LANES_STEP_H
#define JEPALAB_LANES_STEP_H
#include "cpu/net.h"
#include "cpu/team.h"

namespace lanes {
/* What an update does to a weight; see README.md, "The arithmetic". */
enum Update { PLAIN = 0, COMPENSATED = 1 };

/*
 * One step of the training of a Net, in stages that a team shares by rows. Both layouts run this code; they
 * differ in what a vector holds.
 */
template <class V, bool Lane, int D, int Kind>
struct Step {
  using Real = typename V::Real;
  using Mat = Matrix<V, Lane>;
  static constexpr int M = D, N = D == 0 ? 0 : (Lane ? D : (D + V::width - 1) / V::width);

  Net<V, Lane, D>& net;
  const Share team;

  /* W̄ and all that leads to it. */
  LANES_INLINE void forward() const {
    for (int a = 2; a <= net.size.depth(); a++) {
      multiply(net.size.w(), net.cd(), net.size.w(), net.weight[a].left(), net.below[a - 1].right(), store(net.below[a]));
      team.sync();
    }
  }

  /* R. */
  LANES_INLINE void residual() const {
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
  LANES_INLINE void backward() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd(), cw = net.cw();
    Mat now = net.back[0], next = net.back[1];
    const View<Real> product_turned = turn(net.product());
    multiply(w, cd, o, net.weight[0].left().transposed(), net.residual.right(), store(now));
    team.sync();
    multiply(o, cw, d, net.residual.left(), product_turned, update(0));
    team.sync();
    for (int a = net.size.depth(); a >= 2; a--) {
      const View<Real> below_turned = turn(net.below[a - 1]);
      multiply(w, cd, w, net.weight[a].left().transposed(), now.right(), store(next));
      team.sync();
      multiply(w, cw, d, now.left(), below_turned, update(a));
      team.sync();
      const Mat spare = now;
      now = next;
      next = spare;
    }
    const auto first = update(1);
    for (int i = team.begin(w); i < team.end(w); i++)
      for (int j = 0; j < cd; j++) first(i, j, V::load(now.vector(i, j)));
    team.sync();
  }

 private:
  template <class Out>
  LANES_INLINE void multiply(int m, int n, int k, View<Real> a, View<Real> b, Out out) const {
    chain_from(m, n, k, a, b, [](int, int) { return V::zero(); }, out);
  }

  /* This member's rows of a product. */
  template <class Start, class Out>
  LANES_INLINE void chain_from(int m, int n, int k, View<Real> a, View<Real> b, Start start, Out out) const {
    if constexpr (D > 0) {
      chain<V, Lane, M, N>(m, n, k, a, b, start, out);
    } else {
      const int first = team.begin(m), rows = team.end(m) - first;
      const View<Real> mine{a.at + first * a.row, a.row, a.col};
      chain<V, Lane, 0, 0>(
          rows, n, k, mine, b, [=](int i, int j) { return start(first + i, j); },
          [=](int i, int j, V sum) { out(first + i, j, sum); });
    }
  }

  static LANES_INLINE auto store(Mat to) {
    return [=](int i, int j, V sum) { sum.store(to.vector(i, j)); };
  }

  static LANES_INLINE auto continued(Mat from) {
    return [=](int i, int j) { return V::load(from.vector(i, j)); };
  }

  static LANES_INLINE V at(const Mat& m, int i, int j) { return V::load(m.vector(i, j)); }
  static LANES_INLINE V at(const Real* row, int j) { return V::load(row + j * V::width); }

  /* A matrix with w rows as a right operand that is read by columns. */
  LANES_INLINE View<Real> turn(const Mat& m) const {
    if constexpr (Lane) {
      return m.right().transposed();
    } else {
      transpose(net.size.w(), net.size.d(), m, net.turned);
      team.sync();
      return net.turned.right();
    }
  }

  /* to [cols][rows] = from' [rows][cols], each member some rows of `to`. */
  LANES_INLINE void transpose(int rows, int cols, const Mat& from, const Mat& to) const {
    const int stride = from.ld * V::width, out = to.ld * V::width, end = team.end(cols);
    constexpr int block = 16;
    for (int c0 = team.begin(cols); c0 < end; c0 += block)
      for (int r0 = 0; r0 < rows; r0 += block)
        for (int c = c0; c < (c0 + block < end ? c0 + block : end); c++)
          for (int r = r0; r < (r0 + block < rows ? r0 + block : rows); r++)
            to.at[static_cast<std::ptrdiff_t>(c) * out + r] = from.at[static_cast<std::ptrdiff_t>(r) * stride + c];
  }

  LANES_INLINE auto update(int a) const {
    const Mat weight = net.weight[a], carry = net.carry[a], velocity = net.velocity[a];
    const bool momentum = D == 0 && net.momentum;
    const V rate = V::load(net.rate), mu = V::load(net.mu);
    return [=](int i, int j, V g) {
      if (momentum) {
        Real* v = velocity.vector(i, j);
        g = fma(mu, V::load(v), g);
        g.store(v);
      }
      Real* w = weight.vector(i, j);
      if constexpr (Kind == COMPENSATED) {
        Real* c = carry.vector(i, j);
        const V was = V::load(w), y = fnma(rate, g, V::load(c)), is = was + y;
        (y - (is - was)).store(c);
        is.store(w);
      } else {
        fnma(rate, g, V::load(w)).store(w);
      }
    };
  }

  LANES_INLINE void population() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat residual = net.residual, product = net.product(), syx = net.syx;
    const Real *sxx = net.sxx, *lambda = net.lambda;
    const View<Real> decoder = net.weight[0].left();
    if (!net.jepa) {
      multiply(o, cd, w, decoder, product.right(), [=](int i, int j, V u) {
        fms(u, at(sxx, j), at(syx, i, j)).store(residual.vector(i, j));
      });
    } else if (net.form == LANES_DIAGONAL) {
      multiply(o, cd, w, decoder, product.right(), [=](int i, int j, V u) {
        fms(u, at(sxx, j), at(product, i, j) * at(lambda, j)).store(residual.vector(i, j));
      });
    } else {
      multiply(o, cd, d, product.left(), syx.right(), store(residual));
      multiply(o, cd, w, decoder, product.right(), [=](int i, int j, V u) {
        fms(u, at(sxx, j), at(residual, i, j)).store(residual.vector(i, j));
      });
    }
  }

  /* The moments of the batch are full matrices. */
  LANES_INLINE void given() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat residual = net.residual, target = net.jepa ? residual : net.syx, mixed = net.mixed;
    multiply(o, cd, w, net.weight[0].left(), net.product().right(), store(mixed));
    if (net.jepa) multiply(o, cd, d, net.product().left(), net.syx.right(), store(residual));
    team.sync();
    multiply(o, cd, d, mixed.left(), net.batch.right(), [=](int i, int j, V sum) {
      (sum - at(target, i, j)).store(residual.vector(i, j));
    });
  }

  /* The batch's moments in law from A and −K = −H G (`kick`); U' and R stand in `residual`, Z in `mixed`. */
  LANES_INLINE void moments() const {
    const int d = net.size.d(), w = net.size.w(), o = net.size.o(), cd = net.cd();
    const Mat residual = net.residual, product = net.product(), mixed = net.mixed, kick = net.kick;
    const Real *sigma = net.sigma, *sigma_share = net.sigma_share, *rho = net.rho;
    const View<Real> decoder = net.weight[0].left();
    if (net.jepa && net.form == LANES_DIAGONAL) {
      multiply(o, cd, w, decoder, product.right(), [=](int i, int j, V u) {
        (fnma(at(product, i, j), at(rho, j), u) * at(sigma, j)).store(residual.vector(i, j));
      });
    } else {
      if (net.jepa) multiply(o, cd, d, product.left(), net.slope.right(), store(residual));
      const Mat target = net.jepa ? residual : net.slope;
      multiply(o, cd, w, decoder, product.right(), [=](int i, int j, V u) {
        ((u - at(target, i, j)) * at(sigma, j)).store(residual.vector(i, j));
      });
    }
    team.sync();
    multiply(o, cd, d, residual.left(), net.lower.right(), [=](int i, int j, V sum) {
      (net.jepa ? sum : sum + at(kick, i, j)).store(mixed.vector(i, j));
    });
    if (net.jepa) chain_from(o, cd, d, product.left(), kick.right(), continued(mixed), store(mixed));
    team.sync();
    const View<Real> lower_turned = Lane ? net.lower.right().transposed() : net.upper.right();
    multiply(o, cd, d, mixed.left(), lower_turned, [=](int i, int j, V sum) {
      (sum * at(sigma_share, j)).store(residual.vector(i, j));
    });
  }
};
}  // namespace lanes
#endif
