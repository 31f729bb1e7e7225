/*
 * Compares builds of the small-MLP kernels with a plain model in doubles and with each other, then times
 * them.
 *
 *   g++ -std=c++17 -O2 -ffp-contract=off -Inative/lanes native/lanes/mlp/check/[a-z]*.cc -ldl -pthread -o
 * mlp-check
 *   ./mlp-check [--time [--threads N]] LIBRARY...
 *
 * Ends with 0 where everything agreed, 1 where something differed, 2 where a library or an option is no use.
 */
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "case.h"

namespace {

int cases = 0, wrong = 0;

void expect(bool good, const std::string &what, double found, double wanted) {
  cases++;
  if (good) return;
  wrong++;
  std::printf("%s: %.17g, not %.17g\n", what.c_str(), found, wanted);
}

std::vector<Shape> shapes() {
  std::vector<Shape> list;
  const auto add = [&](const char *name, int objective, int activation, std::vector<int> width,
                       int outputs) -> Shape & {
    Shape shape;
    shape.name = name, shape.objective = objective, shape.activation = activation;
    shape.width = std::move(width), shape.outputs = outputs;
    list.push_back(shape);
    return list.back();
  };
  add("16-16-16-16 tanh", LANES_MAE, LANES_TANH, {16, 16, 16}, 16);
  add("16-64-64-16 tanh", LANES_MAE, LANES_TANH, {16, 64, 64}, 16).bias = 1;
  add("1-1-1", LANES_MAE, LANES_TANH, {1, 1}, 1).rows = 1;
  add("3-5-2-7 relu, own data", LANES_MAE, LANES_RELU, {3, 5, 2}, 7).own_data = 1;
  add("9-33-17-9 tanh jepa", LANES_JEPA, LANES_TANH, {9, 33, 17}, 17).rows = 37;
  add("12-20-12 relu jepa, linear top", LANES_JEPA, LANES_RELU, {12, 20, 12}, 12).linear_top = 1;
  add("8-8-8-8-8-8-8-8-8-3 linear", LANES_MAE, LANES_LINEAR, {8, 8, 8, 8, 8, 8, 8, 8, 8}, 3).bias = 1;
  add("40-128-48-70 tanh", LANES_MAE, LANES_TANH, {40, 128, 48}, 70).rows = 13;
  add("130-256-10 relu", LANES_MAE, LANES_RELU, {130, 256}, 10).bias = 1;
  add("6-6-6 linear jepa", LANES_JEPA, LANES_LINEAR, {6, 6}, 6).precision = LANES_FLOAT32;
  for (std::size_t i = 0; i < list.size(); i++)
    if (list[i].linear_top == 1 || list[i].objective == LANES_JEPA) list[i].bias = i % 2;
  return list;
}

Case trained(const Library &library, Case from, int threads, int64_t budget) {
  for (int64_t done = 0; done < from.shape.steps; done += budget) {
    const lanes_mlp_batch batch = from.view(threads, budget);
    const int32_t code = library.run(&batch);
    if (code != LANES_OK) expect(false, from.shape.name + ": " + library.last_error(), code, LANES_OK);
  }
  return from;
}

bool same(const std::vector<double> &a, const std::vector<double> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

void expect_same(const Case &a, const Case &b, const std::string &what) {
  const bool equal =
      same(a.weights, b.weights) && same(a.carry, b.carry) && a.step == b.step && a.status == b.status;
  expect(equal, a.shape.name + ", bits of " + what, b.weights[0], a.weights[0]);
}

/** The gradient of the model against its loss: what everything else rests on. */
void check_model(const Shape &shape) {
  const Case from(shape);
  const Model model(from, shape.runs - 1);
  const std::vector<double> start(from.weights.end() - from.per_run, from.weights.end());
  const std::vector<double> gradient = model.gradient(start, 3);
  for (int64_t i = 0; i < from.per_run; i += 1 + from.per_run / 25) {
    const double h = 1e-6;
    std::vector<double> up = start, down = start;
    up[i] += h, down[i] -= h;
    const double slope = (model.loss(up, 3, start) - model.loss(down, 3, start)) / (2 * h);
    // O(h²) and rounding; a relu may turn within h, hence not tighter.
    expect(std::abs(slope - gradient[i]) < 1e-6, shape.name + ", gradient of the model", gradient[i], slope);
  }
}

/** Some updates against the model's. @returns the trained case */
Case check_training(const Library &library, const Shape &shape) {
  const Case from(shape), after = trained(library, from, 1, shape.steps);
  for (int r = 0; r < shape.runs; r++) {
    const Model model(from, r);
    std::vector<double> w(from.weights.begin() + r * from.per_run,
                          from.weights.begin() + (r + 1) * from.per_run);
    for (int64_t s = 0; s < shape.steps; s++) {
      const double loss = model.loss(w, s, w), found = after.loss[r * shape.steps + s];
      expect(std::abs(found - loss) < 2e-6 * (1 + loss), shape.name + ", loss", found, loss);  // float32
      const std::vector<double> gradient = model.gradient(w, s);
      for (std::size_t i = 0; i < w.size(); i++) w[i] -= from.rate[r] * gradient[i];
    }
    double off = 0;
    for (std::size_t i = 0; i < w.size(); i++) {
      const std::size_t at = r * from.per_run + i;
      off = std::max(off, std::abs(after.weights[at] + after.carry[at] - w[i]));
    }
    expect(off < 2e-6, shape.name + ", weights", off, 0);  // float32, a dozen steps
    expect(after.step[r] == shape.steps && after.status[r] == LANES_DONE, shape.name + ", status",
           after.status[r], LANES_DONE);
  }
  return after;
}

void check_bits(const Library &library, const Shape &shape, const Case &wanted) {
  const Case from(shape);
  expect_same(wanted, trained(library, from, 1, shape.steps), library.path);
  expect_same(wanted, trained(library, from, 2, 1), library.path + ", two threads, cut at each step");
  expect_same(wanted, trained(library, from, 2, 5), library.path + ", cut at each fifth step");
  const Case one = trained(library, from.alone(1), 1, 100);
  const Case lone = wanted.alone(1);
  expect_same(lone, one, library.path + ", alone");
}

/** One training far enough that compensated float32 must be as the doubles are. */
void check_long(const Library &library) {
  Shape shape;
  shape.name = "4-8-4 tanh, 20000 steps", shape.width = {4, 8}, shape.outputs = 4, shape.runs = 1,
  shape.rows = 8;
  shape.steps = 20000, shape.samples = 50, shape.rate = 1e-3;
  const Case from(shape), after = trained(library, from, 1, 7777);
  const Model model(from, 0);
  std::vector<double> w = from.weights;
  for (int64_t s = 0; s < shape.steps; s++) {
    const std::vector<double> gradient = model.gradient(w, s);
    for (std::size_t i = 0; i < w.size(); i++) w[i] -= from.rate[0] * gradient[i];
  }
  for (std::size_t i = 0; i < w.size(); i++) {
    const double found = after.weights[i] + after.carry[i];
    expect(std::abs(found - w[i]) < 1e-5, shape.name, found, w[i]);  // the tolerance for compensated
  }
}

void check_lives(const Library &library) {
  Shape shape;
  shape.name = "lives", shape.width = {4, 8}, shape.outputs = 4, shape.activation = LANES_RELU,
  shape.runs = 4;
  shape.steps = 200;
  Case c(shape);
  c.rate[0] = 1e6;                                      // diverges
  c.weights[c.per_run] = std::nan("");                  // no start
  c.rate[2] = std::numeric_limits<double>::infinity();  // no rate
  const Case healthy = trained(library, c.alone(3), 1, 200);
  c = trained(library, c, 2, 50);
  const int32_t wanted[] = {LANES_LOST, LANES_BAD_RUN, LANES_BAD_RUN, LANES_DONE};
  for (int r = 0; r < 4; r++)
    expect(c.status[r] == wanted[r], "status of run " + std::to_string(r), c.status[r], wanted[r]);
  expect(c.lost[0] == -1 && !std::isfinite(c.lost[1]) && c.step[0] < 200, "where the run was lost", c.step[0],
         -1);
  expect_same(healthy, c.alone(3), "a healthy run beside lost ones");

  Case spoilt(shape);
  spoilt.x[5] = std::nanf("");
  spoilt = trained(library, spoilt, 1, 200);
  expect(spoilt.status[3] == LANES_BAD_RUN, "a datum that is no number", spoilt.status[3], LANES_BAD_RUN);

  Case stopped(shape);
  lanes_mlp_batch batch = stopped.view(1, 200);
  const volatile int32_t yes = 1;
  batch.cancel = &yes;
  const int32_t code = library.run(&batch);
  expect(code == LANES_CANCELLED && stopped.step[0] == 0, "a call cancelled at once", code, LANES_CANCELLED);
  expect(same(stopped.weights, Case(shape).weights), "weights after it", stopped.weights[0],
         Case(shape).weights[0]);
}

void check_refusals(const Library &library) {
  Shape shape;
  shape.name = "refusals", shape.width = {4, 8}, shape.outputs = 4;
  Case c(shape);
  const auto refused = [&](const char *what, int32_t wanted, auto spoil) {
    lanes_mlp_batch batch = c.view(1, 1);
    spoil(batch);
    const int32_t code = library.run(&batch);
    expect(code == wanted && library.last_error()[0] != '\0', what, code, wanted);
  };
  refused("version", LANES_BAD_VERSION, [](auto &b) { b.version = 2; });
  refused("bytes", LANES_BAD_VERSION, [](auto &b) { b.bytes--; });
  refused("objective", LANES_BAD_MODE, [](auto &b) { b.objective = 2; });
  refused("activation", LANES_BAD_MODE, [](auto &b) { b.activation = -1; });
  refused("precision", LANES_BAD_MODE, [](auto &b) { b.precision = LANES_FLOAT64; });
  refused("layers", LANES_BAD_SHAPE, [](auto &b) { b.layers = 9; });
  refused("no layer", LANES_BAD_SHAPE, [](auto &b) { b.layers = 0; });
  refused("width", LANES_BAD_SHAPE, [](auto &b) { b.width[1] = 1025; });
  refused("outputs", LANES_BAD_SHAPE, [](auto &b) { b.outputs = 0; });
  refused("outputs of jepa", LANES_BAD_SHAPE, [](auto &b) { b.objective = LANES_JEPA; });
  refused("rows", LANES_BAD_SHAPE, [](auto &b) { b.rows = 4097; });
  refused("samples", LANES_BAD_SHAPE, [](auto &b) { b.samples = int64_t{1} << 31; });
  refused("runs", LANES_BAD_SHAPE, [](auto &b) { b.runs = 0; });
  refused("threads", LANES_BAD_SHAPE, [](auto &b) { b.threads = 0; });
  refused("budget", LANES_BAD_SHAPE, [](auto &b) { b.budget = 0; });
  refused("x", LANES_BAD_POINTER, [](auto &b) { b.x = nullptr; });
  refused("carry", LANES_BAD_POINTER, [](auto &b) { b.carry = nullptr; });
  expect(library.run(nullptr) == LANES_BAD_POINTER, "no batch", 0, LANES_BAD_POINTER);
  const lanes_mlp_batch batch = c.view(1, 1);
  expect(library.weights(&batch) == c.per_run, "weights", library.weights(&batch), c.per_run);
}

void time_library(const Library &library, int threads) {
  for (const int bias : {0, 1}) {
    for (const int width : {16, 32, 64, 128}) {
      Shape shape;
      shape.width = {16, width, width}, shape.outputs = 16, shape.runs = 64, shape.bias = bias,
      shape.samples = 1024;
      shape.rate = 1e-3, shape.steps = int64_t{1} << 40;
      Case c(shape);
      const int64_t budget = 400 * 16 / width + 20;
      lanes_mlp_batch batch = c.view(threads, budget);
      batch.loss = nullptr;
      library.run(&batch);
      std::vector<double> took;
      for (int i = 0; i < 15; i++) {
        const auto from = std::chrono::steady_clock::now();
        library.run(&batch);
        took.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
      }
      std::sort(took.begin(), took.end());
      const double steps = 64.0 * budget, flop = 64 * (6.0 * (32 * width + width * width) - 2.0 * 16 * width);
      const auto rate = [&](double seconds) { return steps / seconds; };
      std::printf("%s: 16-%d-%d-16 tanh%s, %d threads: %.3g run-steps/s, best %.3g, %.0f GFLOP/s\n",
                  library.path.c_str(), width, width, bias == 1 ? " with biases" : "", threads,
                  rate(took[took.size() / 2]), rate(took[0]), rate(took[0]) * flop / 1e9);
    }
  }
}

}  // namespace

int main(int count, char **words) {
  std::vector<Library> libraries;
  bool time = false;
  int threads = 1;
  try {
    for (int i = 1; i < count; i++) {
      const std::string word = words[i];
      if (word == "--time")
        time = true;
      else if (word == "--threads" && i + 1 < count)
        threads = std::atoi(words[++i]);
      else
        libraries.emplace_back(words[i]);
    }
  } catch (const std::string &reason) {
    std::fprintf(stderr, "%s\n", reason.c_str());
    return 2;
  }
  if (libraries.empty() || threads < 1 || threads > 256) {
    std::fprintf(stderr, "mlp-check [--time] [--threads 1..256] LIBRARY...\n");
    return 2;
  }
  if (!time) {
    for (const Shape &shape : shapes()) {
      check_model(shape);
      const Case wanted = check_training(libraries[0], shape);
      for (const Library &library : libraries) check_bits(library, shape, wanted);
    }
    for (const Library &library : libraries)
      check_long(library), check_lives(library), check_refusals(library);
    std::printf("%zu libraries: %d cases, %d differences\n", libraries.size(), cases, wrong);
  } else {
    for (const Library &library : libraries) time_library(library, threads);
  }
  return wrong == 0 ? 0 : 1;
}
