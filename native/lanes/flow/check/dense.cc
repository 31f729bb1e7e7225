#include "dense.h"

#include <cmath>
#include <cstdio>

#include "run.h"

namespace {
using Vector = std::vector<double>;

/** Uniform in (-1, 1), the same on every machine. */
struct Dice {
  uint64_t state;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-52 - 1;
  }
};

/** a b, a' b or a b' of square matrices. */
Vector times(int d, const Vector &a, const Vector &b, bool turn_a = false, bool turn_b = false) {
  Vector out(d * d);
  for (int i = 0; i < d; i++)
    for (int j = 0; j < d; j++)
      for (int k = 0; k < d; k++)
        out[i * d + j] += (turn_a ? a[k * d + i] : a[i * d + k]) * (turn_b ? b[j * d + k] : b[k * d + j]);
  return out;
}

/** The velocity of all layers, W^1 to V, by the formulas of docs/theory.md as they stand. */
Vector velocity(const FlowRun &run, const Vector &theta) {
  const int d = run.d, size = d * d, layers = run.depth + 1;
  const auto layer = [&](int a) { return Vector(theta.begin() + a * size, theta.begin() + (a + 1) * size); };
  std::vector<Vector> below = {Vector(size)};
  for (int i = 0; i < d; i++) below[0][i * d + i] = 1;
  for (int a = 0; a < layers; a++) below.push_back(times(d, layer(a), below[a]));
  Vector way = below[layers]; /* the loss by the whole product, turned */
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      const double aim = run.objective == LANES_JEPA ? below[run.depth][i * d + j] : i == j;
      way[i * d + j] = aim * run.lambda[j] - way[i * d + j] * run.sxx[j];
    }
  }
  Vector out(theta.size());
  for (int a = layers - 1; a >= 0; a--) {
    const Vector change = times(d, way, below[a], false, true);
    for (int e = 0; e < size; e++) out[a * size + e] = change[e];
    way = times(d, layer(a), way, true);
  }
  return out;
}

void integrate(const FlowRun &run, Vector &theta, int steps) {
  const double h = run.end / steps;
  const auto beside = [&](const Vector &k, double by) {
    Vector to = theta;
    for (std::size_t e = 0; e < to.size(); e++) to[e] += by * k[e];
    return to;
  };
  for (int n = 0; n < steps; n++) {
    const Vector k1 = velocity(run, theta), k2 = velocity(run, beside(k1, h / 2));
    const Vector k3 = velocity(run, beside(k2, h / 2)), k4 = velocity(run, beside(k3, h));
    for (std::size_t e = 0; e < theta.size(); e++)
      theta[e] += h / 6 * (k1[e] + 2 * k2[e] + 2 * k3[e] + k4[e]);
  }
}

bool follow(const Library &library, int objective, int depth, double spread, double end, int seed) {
  FlowRun run(objective, depth, {1.1, 1, 0.9}, {0.9, 0.7, 0.5});
  Dice dice{static_cast<uint64_t>(seed)};
  for (double &w : run.weights) w = spread * dice();
  run.end = end;
  Vector plain = run.weights;
  integrate(run, plain, static_cast<int>(end / 0.02));
  const double spent = run.train(library);
  double gap = 0, largest = 0;
  for (std::size_t e = 0; e < plain.size(); e++) {
    gap = std::fmax(gap, std::fabs(run.weights[e] - plain[e]));
    largest = std::fmax(largest, std::fabs(plain[e]));
  }
  const bool good = run.status == LANES_DONE && gap < 1e-8 * largest;
  std::printf("%-4s L=%d  dense, of %.2f, to %-6g %7lld evaluations %5lld steps %8.2f ms  off by %.1e%s\n",
              objective == LANES_JEPA ? "JEPA" : "MAE", depth, spread, end,
              static_cast<long long>(run.evaluations), static_cast<long long>(run.step), 1e3 * spent, gap,
              good ? "" : "  WRONG");
  return good;
}
}  // namespace

bool check_dense(const Library &library) {
  bool good = true;
  for (const int seed : {1, 2}) {
    good = follow(library, LANES_JEPA, 1, 0.1, 500, seed) && good;
    good = follow(library, LANES_JEPA, 2, 0.3, 1000, seed) && good;
    good = follow(library, LANES_JEPA, 3, 0.4, 2000, seed) && good;
    good = follow(library, LANES_MAE, 3, 0.3, 500, seed) && good;
  }
  return good;
}
