#ifndef JEPALAB_LANES_CUDA_LOAD_H
#define JEPALAB_LANES_CUDA_LOAD_H
#include "cuda/arithmetic.h"
#include "cuda/draw.h"
#include "cuda/job.h"
#include "lanes.h"

/* Between the dense arrays in the card's memory and a Net. */
namespace lanes::card {

/* f(matrix index, rows, columns, where it begins in a run's weights) for W¹ … Wᴸ, V. */
template <class Net, class F>
LANES_CARD void each_matrix(Net& net, F f) {
  const int w = net.w(), d = net.d();
  LANES_UNROLL_LONE
  for (int a = 1; a <= net.depth(); a++) f(a, w, a == 1 ? d : w, a == 1 ? 0 : w * d + (a - 2) * w * w);
  f(0, net.o(), w, w * d + (net.depth() - 1) * w * w);
}

template <class Net>
LANES_CARD int64_t weights_a_run(Net& net) {
  const int64_t w = net.w(), d = net.d();
  return w * d + (net.depth() - 1) * w * w + net.o() * w;
}

template <class Net, class Real>
LANES_CARD void load_square(Net& net, Real* to, const Real* from) {
  const int n = net.d(), ld = net.ld();
  net.each(n, n, [=](int i, int j) { to[i * ld + j] = from[i * n + j]; });
}

template <class Net, class Real>
LANES_CARD void load_row(Net& net, int k, const Real* from) {
  Real* to = net.row(k);
  net.each_in_row(net.d(), [=](int j) { to[j] = from[j]; });
}

/* The data of a run that stay the same through its training. */
template <class Net, class Real>
LANES_CARD void load_data(Net& net, const Job<Real>& job, int64_t run) {
  const int64_t d = net.d();
  const bool full = job.form == LANES_FULL;
  if constexpr (Net::lone) {
    (void)d, (void)full; /* a LoneNet reads them where they lie */
  } else if (job.mode == LANES_DESCENT) {
    load_row(net, 0, job.sxx + run * d);
    if (full)
      load_square(net, net.syx(), job.syx + run * d * d);
    else
      load_row(net, 1, job.syx + run * d);
  } else if (job.mode == LANES_MOMENTS) {
    load_row(net, 0, job.sigma + run * d);
    load_row(net, 2, job.share + run * d);
    if (full) {
      load_square(net, net.syx(), job.slope + run * d * d);
      load_square(net, net.noise(), job.noise + run * d * d);
    } else {
      load_row(net, 1, job.slope + run * d);
      load_row(net, 3, job.noise + run * d);
    }
  }
}

template <class Net, class Real>
LANES_CARD void load(Net& net, const Job<Real>& job, int64_t run) {
  if constexpr (!Net::lone) {
    for (int e = net.rank; e < job.layout.reals; e += net.team) net.fast[e] = 0;
    for (int e = net.rank; e < job.layout.slow_reals; e += net.team) net.slow[e] = 0;
    net.sync();
  }
  const int64_t start = run * weights_a_run(net);
  const int ld = net.ld();
  each_matrix(net, [&](int a, int rows, int columns, int at) {
    Real* to = net.weight(a);
    const Real* from = job.weights + start + at;
    net.each(rows, columns, [=](int i, int j) { to[i * ld + j] = from[i * columns + j]; });
    if constexpr (Net::kind == 1) {
      Real* carry = net.carry(a);
      const Real* carried = job.carry + start + at;
      net.each(rows, columns, [=](int i, int j) { carry[i * ld + j] = carried[i * columns + j]; });
    }
    if constexpr (!Net::lone) {
      if (job.momentum != nullptr) {
        Real* velocity = net.velocity(a);
        const Real* moving = job.velocity + start + at;
        net.each(rows, columns, [=](int i, int j) { velocity[i * ld + j] = moving[i * columns + j]; });
      }
    }
  });
  load_data(net, job, run);
  net.sync();
}

template <class Net, class Real>
LANES_CARD void save(Net& net, const Job<Real>& job, int64_t run) {
  const int64_t start = run * weights_a_run(net);
  const int ld = net.ld();
  each_matrix(net, [&](int a, int rows, int columns, int at) {
    const Real* from = net.weight(a);
    Real* to = job.weights + start + at;
    net.each(rows, columns, [=](int i, int j) { to[i * columns + j] = from[i * ld + j]; });
    if constexpr (Net::kind == 1) {
      const Real* carry = net.carry(a);
      Real* carried = job.carry + start + at;
      net.each(rows, columns, [=](int i, int j) { carried[i * columns + j] = carry[i * ld + j]; });
    }
    if constexpr (!Net::lone) {
      if (job.momentum != nullptr) {
        const Real* velocity = net.velocity(a);
        Real* moving = job.velocity + start + at;
        net.each(rows, columns, [=](int i, int j) { moving[i * columns + j] = velocity[i * ld + j]; });
      }
    }
  });
}

/* The moments of one update's batch. */
template <class Net, class Real>
LANES_CARD void load_batch(Net& net, const Job<Real>& job, int64_t batch) {
  const int64_t square = static_cast<int64_t>(net.d()) * net.d();
  load_square(net, net.batch(), job.batch_sxx + batch * square);
  load_square(net, net.syx(), job.batch_syx + batch * square);
  net.sync();
}

}  // namespace lanes::card
#endif
