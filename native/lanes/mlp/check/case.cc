#include "case.h"

#include <cmath>

int64_t count_weights(const Shape &shape) {
  int64_t count = shape.outputs * (shape.width.back() + shape.bias);
  for (std::size_t l = 1; l < shape.width.size(); l++)
    count += shape.width[l] * (shape.width[l - 1] + shape.bias);
  return count;
}

namespace {
/** Uniform in (-1, 1), the same on every machine. */
struct Dice {
  uint64_t state;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-52 - 1;
  }
};
}  // namespace

Case::Case(const Shape &of) : shape(of), per_run(count_weights(of)) {
  Dice dice{12345};
  const int sets = of.own_data == 1 ? of.runs : 1;
  const int targets = of.objective == LANES_JEPA ? of.width[0] : of.outputs;
  x.resize(static_cast<std::size_t>(sets) * of.samples * of.width[0]);
  y.resize(static_cast<std::size_t>(sets) * of.samples * targets);
  for (float &v : x) v = static_cast<float>(2 * dice());
  for (float &v : y) v = static_cast<float>(dice());
  for (int r = 0; r < of.runs; r++) {
    seed.push_back((int64_t{r} << 33) + 7 * r + 1);
    end.push_back(of.steps);
    rate.push_back(of.rate * (1 + 0.1 * r));
    // As large as a layer's inputs ask for; biases are drawn alike.
    for (std::size_t l = 1; l <= of.width.size(); l++) {
      const int in = of.width[l - 1], out = l < of.width.size() ? of.width[l] : of.outputs;
      const double scale = std::sqrt(3.0 / in);
      for (int i = 0; i < out * (in + of.bias); i++) weights.push_back(static_cast<float>(scale * dice()));
    }
  }
  step.resize(of.runs), carry.resize(weights.size()), lost.resize(2 * of.runs), status.resize(of.runs);
}

lanes_mlp_batch Case::view(int threads, int64_t budget) {
  loss.assign(static_cast<std::size_t>(shape.runs) * budget, 0);
  lanes_mlp_batch b = {};
  b.version = LANES_MLP_VERSION, b.bytes = sizeof b;
  b.objective = shape.objective, b.activation = shape.activation, b.linear_top = shape.linear_top;
  b.bias = shape.bias, b.precision = shape.precision, b.threads = threads, b.runs = shape.runs;
  b.layers = static_cast<int32_t>(shape.width.size()) - 1;
  for (std::size_t l = 0; l < shape.width.size(); l++) b.width[l] = shape.width[l];
  b.outputs = shape.outputs, b.rows = shape.rows, b.own_data = shape.own_data;
  b.samples = shape.samples, b.budget = budget;
  b.x = x.data(), b.y = y.data(), b.seed = seed.data(), b.rate = rate.data(), b.end = end.data();
  b.weights = weights.data(), b.carry = carry.data(), b.step = step.data(), b.loss = loss.data();
  b.status = status.data(), b.lost = lost.data();
  return b;
}

Case Case::alone(int run) const {
  Case one = *this;
  one.shape.runs = 1;
  const auto keep = [run](auto &list, std::size_t each) {
    using List = std::remove_reference_t<decltype(list)>;
    list = List(list.begin() + run * each, list.begin() + (run + 1) * each);
  };
  if (shape.own_data == 1) keep(one.x, x.size() / shape.runs), keep(one.y, y.size() / shape.runs);
  keep(one.seed, 1), keep(one.end, 1), keep(one.step, 1), keep(one.rate, 1), keep(one.status, 1),
      keep(one.lost, 2);
  keep(one.weights, per_run), keep(one.carry, per_run);
  return one;
}

Library::Library(const char *from) : path(from) {
  void *handle = dlopen(from, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::string(dlerror());
  const auto find = [&](const char *symbol, auto &to) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(dlsym(handle, symbol));
    if (to == nullptr) throw std::string(from) + " does not export " + symbol + ".";
  };
  find("lanes_mlp_run", run), find("lanes_mlp_weights", weights), find("lanes_mlp_last_error", last_error);
}
