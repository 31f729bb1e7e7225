#ifndef JEPALAB_KERNELS_STEP_H
#define JEPALAB_KERNELS_STEP_H
/* An optimiser's step on one vector of weights. Every operation is rounded, as in the same formulas of tfjs. */
#include "cpu/vec.h"
#include "update.h"

namespace kernels {
/* Up to a vector of each tensor, zeros beyond n. */
struct Elements {
  int64_t at;
  int n;
  using V = lanes::Vec<float>;
  static constexpr int W = V::width;
  LANES_INLINE lanes::Vec<float> load(const float* from) const {
    if (n == W) return V::load(from + at);
    alignas(64) float some[W] = {};
    for (int i = 0; i < n; i++) some[i] = from[at + i];
    return V::load(some);
  }
  LANES_INLINE void store(lanes::Vec<float> x, float* to) const {
    if (n == W) return x.store(to + at);
    alignas(64) float some[W];
    x.store(some);
    for (int i = 0; i < n; i++) to[at + i] = some[i];
  }
};

/* w ← w + y, or with what was lost of it before: y ← y + c, t = w + y, c ← y − (t − w), w ← t. */
template <bool Compensated>
LANES_INLINE void add(Elements here, lanes::Vec<float> w, lanes::Vec<float> move, float* after, const Slot& lost) {
  if constexpr (Compensated) {
    const lanes::Vec<float> whole = move + here.load(lost.before);
    const lanes::Vec<float> sum = w + whole;
    here.store(whole - (sum - w), lost.after);
    here.store(sum, after);
  } else {
    here.store(w + move, after);
  }
}


/* m ← μ m + g + δ w, w ← w − η m for one run. */
template <bool Compensated>
class SgdStep {
  using V = lanes::Vec<float>;

 public:
  SgdStep(const Sgd& rule, float rate, Slot momentum, Slot lost)
      : mu_(V::broadcast(rule.momentum)), decay_(V::broadcast(rule.decay)), rate_(V::broadcast(-rate)),
        momentum_(momentum), lost_(lost), has_decay_(rule.decay != 0) {}

  /* The common rule, for which `take` need not ask at every vector. */
  bool is_momentum_alone() const { return momentum_.before != nullptr && !has_decay_; }

  template <bool IsMomentumAlone = false>
  LANES_INLINE void take(Elements here, V slope, const float* before, float* after) const {
    const V w = here.load(before);
    if (!IsMomentumAlone && has_decay_) slope = slope + w * decay_;
    if (IsMomentumAlone || momentum_.before != nullptr) {
      slope = here.load(momentum_.before) * mu_ + slope;
      here.store(slope, momentum_.after);
    }
    add<Compensated>(here, w, slope * rate_, after, lost_);
  }

 private:
  V mu_, decay_, rate_;
  Slot momentum_, lost_;
  bool has_decay_;
};
}  // namespace kernels
#endif
