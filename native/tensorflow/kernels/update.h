#ifndef JEPALAB_KERNELS_UPDATE_H
#define JEPALAB_KERNELS_UPDATE_H
#include <cstdint>

namespace kernels {
/* The weights of R runs, `size` each, before a step and after it; both may be the same memory. */
struct Weights {
  int64_t runs, size;
  const float *before, *gradient;
  float* after;
};

/* Something that is kept of every weight. */
struct Slot {
  const float* before;
  float* after;
};

/* Numbers of each run, or of all of them: `step` is 1 or 0. */
struct Rates {
  const float* at;
  int64_t step;
  float of(int64_t run) const { return at[run * step]; }
};

/* The formulas of workers/dynamics/net-update.ts, each product and sum rounded as there. */
struct Sgd {
  float momentum, decay;
};
struct Adam {
  float beta1, rest1, beta2, rest2, epsilon, decay;  // rest: 1 − β
  bool is_decoupled;
};

/* Weights that are stepped, without their gradient. */
struct Step {
  const float* before;
  float* after;
  Slot momentum, lost;
  Rates rates;
};

/* A slot whose `before` is NULL is none. */
void sgd(const Sgd&, const Weights&, const Slot& momentum, const Slot& lost, const Rates& rates);
void adam(const Adam&, const Weights&, const Slot& momentum, const Slot& square, const Slot& lost, const Rates& rates,
          const Rates& first, const Rates& second);
}  // namespace kernels
#endif
