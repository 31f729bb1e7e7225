#ifndef JEPALAB_LANES_CUDA_STEP_H
#define JEPALAB_LANES_CUDA_STEP_H
#include "cuda/arithmetic.h"
#include "lanes.h"

/* One step of native/lanes/README.md's arithmetic, in stages; Net is a TeamNet or a LoneNet. */
namespace lanes::card {

template <class Real>
struct FromZero {
  LANES_CARD Real operator()(int, int) const { return Real(0); }
};

template <class Real>
struct StoreTo {
  Real* to;
  int ld;
  LANES_CARD void operator()(int i, int j, Real sum) const { to[i * ld + j] = sum; }
};

/* The update of one matrix's weights by their gradients. */
template <class Net>
struct Update {
  using Real = typename Net::Real;
  Real *weight, *carry, *velocity;
  Real rate, momentum;
  int ld;
  LANES_CARD void operator()(int i, int j, Real g) const {
    const int at = i * ld + j;
    if constexpr (!Net::lone) {
      if (velocity != nullptr) g = velocity[at] = fused(momentum, velocity[at], g);
    }
    const Real w = weight[at];
    if constexpr (Net::kind == 1) {
      const Real y = fused(-rate, g, carry[at]), is = w + y;
      carry[at] = y - (is - w);
      weight[at] = is;
    } else {
      weight[at] = fused(-rate, g, w);
    }
  }
};

template <class Net, class Real>
LANES_CARD Update<Net> update_of(Net& net, int a, Real rate, Real momentum) {
  Real *carry = nullptr, *velocity = nullptr;
  if constexpr (Net::kind == 1) carry = net.carry(a);
  if constexpr (!Net::lone) {
    if (net.job.momentum != nullptr) velocity = net.velocity(a);
  }
  return {net.weight(a), carry, velocity, rate, momentum, net.ld()};
}

/* W̄ and all that leads to it. */
template <class Net>
LANES_CARD void forward(Net& net) {
  using Real = typename Net::Real;
  LANES_UNROLL_LONE
  for (int a = 2; a <= net.depth(); a++) {
    net.template product<true, false>(net.w(), net.d(), net.w(), net.weight(a), net.below(a - 1),
                                      FromZero<Real>(), StoreTo<Real>{net.below(a), net.ld()});
    net.sync();
  }
}

/* R on the moments of the population. */
template <class Net>
LANES_CARD void population(Net& net) {
  using Real = typename Net::Real;
  const int ld = net.ld(), d = net.d(), w = net.w(), o = net.o();
  Real* residual = net.residual();
  const Real *sxx = net.variances(), *lambda = net.lambdas();
  const Real *whole = net.below(net.depth()), *syx = net.syx();
  const FromZero<Real> zero;
  const bool full = net.job.form == LANES_FULL;
  if (net.job.objective == LANES_MAE) {
    net.template product<true, false>(o, d, w, net.weight(0), whole, zero, [=](int i, int j, Real u) {
      Real target = i == j ? lambda[j] : Real(0);
      if (full) target = syx[i * ld + j];
      residual[i * ld + j] = fused(u, sxx[j], -target);
    });
  } else if (!full) {
    net.template product<true, false>(o, d, w, net.weight(0), whole, zero, [=](int i, int j, Real u) {
      residual[i * ld + j] = fused(u, sxx[j], -(whole[i * ld + j] * lambda[j]));
    });
  } else {
    /* A thread reads back its own elements alone: no barrier. */
    net.template product<true, false>(o, d, d, whole, syx, zero, StoreTo<Real>{residual, ld});
    net.template product<true, false>(o, d, w, net.weight(0), whole, zero, [=](int i, int j, Real u) {
      residual[i * ld + j] = fused(u, sxx[j], -residual[i * ld + j]);
    });
  }
  net.sync();
}

/* R on a batch's moments, which are full. */
template <class Net>
LANES_CARD void given(Net& net) {
  using Real = typename Net::Real;
  const int ld = net.ld(), d = net.d(), w = net.w(), o = net.o();
  Real *residual = net.residual(), *mixed = net.mixed();
  const Real *whole = net.below(net.depth()), *syx = net.syx();
  const bool jepa = net.job.objective == LANES_JEPA;
  const FromZero<Real> zero;
  net.template product<true, false>(o, d, w, net.weight(0), whole, zero, StoreTo<Real>{mixed, ld});
  if (jepa) net.template product<true, false>(o, d, d, whole, syx, zero, StoreTo<Real>{residual, ld});
  net.sync();
  net.template product<true, false>(o, d, d, mixed, net.batch(), zero, [=](int i, int j, Real sum) {
    residual[i * ld + j] = sum - (jepa ? residual[i * ld + j] : syx[i * ld + j]);
  });
  net.sync();
}

/* R on moments in law, from A (`lower`) and −K (`kick`); U' and R stand in `residual`, Z in `mixed`. */
template <class Net>
LANES_CARD void moments(Net& net) {
  using Real = typename Net::Real;
  const int ld = net.ld(), d = net.d(), w = net.w(), o = net.o();
  Real *residual = net.residual(), *mixed = net.mixed(), *sigma = net.row(0), *slope = net.row(1),
       *share = net.row(2);
  const Real *whole = net.below(net.depth()), *matrix = net.syx(), *kick = net.kick(), *lower = net.lower();
  const bool jepa = net.job.objective == LANES_JEPA, full = net.job.form == LANES_FULL;
  const FromZero<Real> zero;
  if (jepa && full)
    net.template product<true, false>(o, d, d, whole, matrix, zero, StoreTo<Real>{residual, ld});
  net.template product<true, false>(o, d, w, net.weight(0), whole, zero, [=](int i, int j, Real u) {
    const int at = i * ld + j;
    Real t;
    if (jepa && !full)
      t = fused(-whole[at], slope[j], u);
    else if (jepa)
      t = u - residual[at];
    else if (full)
      t = u - matrix[at];
    else
      t = u - (i == j ? slope[j] : Real(0));
    residual[at] = t * sigma[j];
  });
  net.sync();
  net.template product<true, false>(o, d, d, residual, lower, zero, [=](int i, int j, Real sum) {
    mixed[i * ld + j] = jepa ? sum : sum + kick[i * ld + j];
  });
  if (jepa)
    net.template product<true, false>(
        o, d, d, whole, kick, [=](int i, int j) { return mixed[i * ld + j]; }, StoreTo<Real>{mixed, ld});
  net.sync();
  net.template product<true, true>(o, d, d, mixed, lower, zero,
                                   [=](int i, int j, Real sum) { residual[i * ld + j] = sum * share[j]; });
  net.sync();
}

/* The gradients, and each weight's update once nothing needs its old value. */
template <class Net, class Real>
LANES_CARD void backward(Net& net, Real rate, Real momentum) {
  const int ld = net.ld(), d = net.d(), w = net.w(), o = net.o(), depth = net.depth();
  const FromZero<Real> zero;
  net.template product<false, false>(w, d, o, net.weight(0), net.residual(), zero,
                                     StoreTo<Real>{net.back(depth), ld});
  net.sync();
  net.template product<true, true>(o, w, d, net.residual(), net.below(depth), zero,
                                   update_of(net, 0, rate, momentum));
  net.sync();
  LANES_UNROLL_LONE
  for (int a = depth; a >= 2; a--) {
    net.template product<false, false>(w, d, w, net.weight(a), net.back(a), zero,
                                       StoreTo<Real>{net.back(a - 1), ld});
    net.sync();
    net.template product<true, true>(w, w, d, net.back(a), net.below(a - 1), zero,
                                     update_of(net, a, rate, momentum));
    net.sync();
  }
  const Real* first = net.back(1);
  const auto update = update_of(net, 1, rate, momentum);
  net.each(w, d, [=](int i, int j) { update(i, j, first[i * ld + j]); });
  net.sync();
}

}  // namespace lanes::card
#endif
