/* Numbers by themselves: memory sets the pace. And the sums of squares that losses are made of. */
#include "elementwise.h"

#include <algorithm>
#include <cstring>

#include "cpu/vec.h"
#include "crew.h"
#include "operation.h"
#include "registry.h"
#include "step.h"

namespace kernels {
namespace {
using V = lanes::Vec<float>;
constexpr int W = V::width;
constexpr int64_t item_size = 8192;
constexpr int chains = 64;

template <class Make>
void each(int64_t count, float* to, const Make& make) {
  share((count + item_size - 1) / item_size, 0.25 * count, [&](int64_t item) {
    const int64_t end = std::min((item + 1) * item_size, count);
    int64_t at = item * item_size;
    for (; at + W <= end; at += W) make(Elements{at, W}).store(to + at);
    if (at < end) {
      const Elements rest{at, static_cast<int>(end - at)};
      rest.store(make(rest), to);
    }
  });
}

float sum_of_squares(int64_t size, const float* x) {
  constexpr int vectors = chains / W;
  V sums[vectors];
  for (V& sum : sums) sum = V::zero();
  alignas(64) float rest[chains] = {};
  const auto take = [&](const float* from) {
    for (int j = 0; j < vectors; j++) {
      const V part = V::load(from + j * W);
      sums[j] = fma(part, part, sums[j]);
    }
  };
  int64_t at = 0;
  for (; at + chains <= size; at += chains) take(x + at);
  if (at < size) {
    std::memcpy(rest, x + at, static_cast<size_t>(size - at) * sizeof(float));
    take(rest);
  }
  for (int j = 0; j < vectors; j++) sums[j].store(rest + j * W);
  for (int half = chains / 2; half >= 1; half /= 2)
    for (int i = 0; i < half; i++) rest[i] += rest[i + half];
  return rest[0];
}

/* x [R]… → [R]. */
struct Squares {
  explicit Squares(Construction&) {}

  void compute(Call& call) const {
    const Tensor x = call.input(0);
    if (call.failed()) return;
    if (x.rank() == 0 || x.rank() > Tensor::most) return call.refuse("squares of %s; they have an axis of runs", x.shape().c_str());
    const int64_t runs = x.dim(0);
    const Tensor sums = call.output(0, {runs});
    if (!call.failed()) squares(runs, runs == 0 ? 0 : x.size() / runs, x.at(), sums.at());
  }
};
}  // namespace

void add(int64_t count, const float* a, const float* b, float* to) {
  each(count, to, [=](Elements here) { return here.load(a) + here.load(b); });
}

void subtract(int64_t count, const float* a, const float* b, float* to) {
  each(count, to, [=](Elements here) { return here.load(a) - here.load(b); });
}

void multiply(int64_t count, const float* a, const float* b, float* to) {
  each(count, to, [=](Elements here) { return here.load(a) * here.load(b); });
}

void scale(int64_t count, const float* a, float by, float* to) {
  each(count, to, [=, by = V::broadcast(by)](Elements here) { return here.load(a) * by; });
}

void squares(int64_t runs, int64_t size, const float* x, float* to) {
  share(runs, 0.25 * static_cast<double>(runs) * size, [&](int64_t run) { to[run] = sum_of_squares(size, x + run * size); });
}

void register_elementwise(std::string& trouble) {
  register_operation<Squares>({"JepalabSquares", {"x: float"}, {"sums: float"}, {}}, trouble);
}
}  // namespace kernels
