/*
 * Steps of optimisers, one pass over weights, gradient and slots. Nothing is fused: each operation of the formulas
 * is rounded, so that the bits are those of the same formulas in tfjs. Memory sets the pace, not arithmetic.
 */
#include "update.h"

#include <algorithm>

#include "cpu/vec.h"
#include "crew.h"
#include "mlp/tanh.h"  // quotient
#include "step.h"

namespace kernels {
namespace {
using V = lanes::Vec<float>;
constexpr int W = V::width;
constexpr int64_t item_size = 4096;      // elements of an item: 16 KB of each tensor
constexpr double cycles_of_element = 1;  // with all that is read and written

/* step(run)(elements) over all elements. */
template <class Step>
void each(const Weights& weights, const Step& step) {
  const auto [runs, size, before, gradient, after] = weights;
  const int64_t pieces = (size + item_size - 1) / item_size;
  share(runs * pieces, cycles_of_element * runs * size, [&, size = size](int64_t item) {
    const int64_t run = item / pieces, first = item % pieces * item_size;
    const auto work = step(run);
    const int64_t end = run * size + std::min(first + item_size, size);
    int64_t at = run * size + first;
    for (; at + W <= end; at += W) work(Elements{at, W});
    if (at < end) work(Elements{at, static_cast<int>(end - at)});
  });
}

template <bool Compensated>
void sgd_step(const Sgd& rule, const Weights& weights, const Slot& momentum, const Slot& lost, const Rates& rates) {
  each(weights, [&](int64_t run) {
    return [&, step = SgdStep<Compensated>(rule, rates.of(run), momentum, lost)](Elements here) {
      step.take(here, here.load(weights.gradient), weights.before, weights.after);
    };
  });
}

template <bool Compensated>
void adam_step(const Adam& rule, const Weights& weights, const Slot& momentum, const Slot& square, const Slot& lost,
               const Rates& rates, const Rates& first, const Rates& second) {
  const auto c = [](float x) { return V::broadcast(x); };
  const V beta1 = c(rule.beta1), rest1 = c(rule.rest1), beta2 = c(rule.beta2), rest2 = c(rule.rest2);
  const V epsilon = c(rule.epsilon), decay = c(rule.decay);
  const bool has_decay = rule.decay != 0 && !rule.is_decoupled, is_decoupled = rule.decay != 0 && rule.is_decoupled;
  each(weights, [&](int64_t run) {
    const V rate = c(-rates.of(run)), shrink = c(rates.of(run)) * decay;
    const V correct1 = c(first.of(run)), correct2 = c(second.of(run));
    return [&, rate, shrink, correct1, correct2](Elements here) {
      const V w = here.load(weights.before);
      V slope = here.load(weights.gradient);
      if (has_decay) slope = slope + w * decay;
      const V m = here.load(momentum.before) * beta1 + slope * rest1;
      const V v = here.load(square.before) * beta2 + slope * slope * rest2;
      here.store(m, momentum.after);
      here.store(v, square.after);
      V move = quotient(m * correct1, root(v * correct2) + epsilon) * rate;
      if (is_decoupled) move = move - w * shrink;
      add<Compensated>(here, w, move, weights.after, lost);
    };
  });
}
}  // namespace

void sgd(const Sgd& rule, const Weights& weights, const Slot& momentum, const Slot& lost, const Rates& rates) {
  if (lost.before != nullptr) return sgd_step<true>(rule, weights, momentum, lost, rates);
  sgd_step<false>(rule, weights, momentum, lost, rates);
}

void adam(const Adam& rule, const Weights& weights, const Slot& momentum, const Slot& square, const Slot& lost,
          const Rates& rates, const Rates& first, const Rates& second) {
  if (lost.before != nullptr) return adam_step<true>(rule, weights, momentum, square, lost, rates, first, second);
  adam_step<false>(rule, weights, momentum, square, lost, rates, first, second);
}
}  // namespace kernels
