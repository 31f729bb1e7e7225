#ifndef JEPALAB_LANES_CUDA_LONE_NET_H
#define JEPALAB_LANES_CUDA_LONE_NET_H
#include "cuda/arithmetic.h"
#include "cuda/job.h"
#include "lanes.h"

namespace lanes::card {

/*
 * A run on one thread with all its matrices in registers: every size is known to the compiler and every loop
 * unrolled. For population descent without momentum at d = w = P and depth L.
 */
template <class R, int Kind, int P, int L>
struct LoneNet {
  using Real = R;
  static constexpr int kind = Kind, cells = P * P;
  static constexpr bool lone = true;

  const Job<Real>& job;
  Real weights[(L + 1) * cells], carries[Kind == 1 ? (L + 1) * cells : 1],
      belows[L > 1 ? (L - 1) * cells : 1];
  Real residuals[cells], backs[2 * cells], seen[P];
  int64_t run; /* its data are read where they lie, to spare registers */

  static LANES_CARD constexpr int ld() { return P; }
  static LANES_CARD constexpr int depth() { return L; }
  static LANES_CARD constexpr int d() { return P; }
  static LANES_CARD constexpr int w() { return P; }
  static LANES_CARD constexpr int o() { return P; }

  LANES_CARD Real* weight(int a) { return weights + a * cells; }
  LANES_CARD Real* carry(int a) { return carries + a * cells; }
  LANES_CARD Real* below(int a) { return a == 1 ? weights + cells : belows + (a - 2) * cells; }
  LANES_CARD Real* residual() { return residuals; }
  LANES_CARD Real* back(int a) { return backs + (a & 1) * cells; }
  LANES_CARD const Real* syx() const { return job.syx + run * cells; }
  LANES_CARD const Real* variances() const { return job.sxx + run * P; }
  LANES_CARD const Real* lambdas() const { return job.syx + run * P; }
  LANES_CARD Real* amplitudes() { return seen; }

  LANES_CARD void sync() const {}
  LANES_CARD bool any(bool mine) const { return mine; }
  LANES_CARD int told(int mine) const { return mine; }

  template <class F>
  LANES_CARD void each(int, int, F f) const {
    LANES_UNROLL
    for (int i = 0; i < P; i++) LANES_UNROLL
    for (int j = 0; j < P; j++) f(i, j);
  }
  template <class F>
  LANES_CARD void each_in_row(int, F f) const {
    LANES_UNROLL
    for (int j = 0; j < P; j++) f(j);
  }

  template <bool AAlongK, bool BAlongK, class Start, class Out>
  LANES_CARD void product(int, int, int, const Real* a, const Real* b, Start start, Out out) const {
    LANES_UNROLL
    for (int i = 0; i < P; i++) LANES_UNROLL
    for (int j = 0; j < P; j++) {
      Real sum = start(i, j);
      LANES_UNROLL
      for (int k = 0; k < P; k++)
        sum = fused(AAlongK ? a[i * P + k] : a[k * P + i], BAlongK ? b[j * P + k] : b[k * P + j], sum);
      out(i, j, sum);
    }
  }
};

}  // namespace lanes::card
#endif
