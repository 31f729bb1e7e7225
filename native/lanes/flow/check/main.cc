/*
 * Gradient flow of balanced starts against the exact critical times (docs/theory.md, section 3, in long double): evaluations,
 * seconds and the largest error of reaching half the fixed point, for each objective, depth, scale and spectrum.
 *
 *   g++ -std=c++17 -O3 -ffp-contract=off -fno-math-errno -march=native -Inative/lanes native/lanes/flow/check/main.cc \
 *     native/lanes/flow/flow.cc -o flow-check && ./flow-check
 *
 * Ends with 1 where a time is off by more than 1e-8 or a run does not come to its end.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "flow/flow.h"

namespace {
using Real = long double;

struct Spectrum {
  const char *name;
  std::vector<double> lambda, rho;
};

struct Run {
  int objective, depth;
  double scale;
  const Spectrum &data;
};

Real fixed_point(const Run &run, int i) {
  const Real power = run.objective == LANES_JEPA ? run.depth : run.depth / (run.depth + Real(1));
  return std::pow(Real(run.data.rho[i]), power);
}

/* When feature i reaches the amplitude `level`. */
Real exact_time(const Run &run, int i, Real level) {
  const int depth = run.depth, terms = 2 * depth - 1, m = depth + 1;
  const Real rho = run.data.rho[i], lambda = run.data.lambda[i];
  const bool jepa = run.objective == LANES_JEPA;
  const Real target = jepa ? rho : std::pow(rho, Real(1) / m);
  const Real a = std::pow(Real(run.scale), Real(1) / depth) / target, b = std::pow(level, Real(1) / depth) / target;
  Real sum = 0;
  if (jepa) {
    for (int n = 1; n <= terms; n++) sum += (std::pow(a, Real(-n)) - std::pow(b, Real(-n))) / n;
    return (sum + std::log(b / (1 - b)) - std::log(a / (1 - a))) / (lambda * std::pow(rho, Real(terms)));
  }
  const auto rest = [&](Real v) {
    Real series = 0, power = v * v;
    for (int k = 0; k < 4000; k++, power *= std::pow(v, Real(m))) series += power / (2 + k * m);
    return series;
  };
  const auto climb = [&](Real v) { return depth == 1 ? std::log(v) : -std::pow(v, Real(1 - depth)) / (depth - 1); };
  return (climb(b) - climb(a) + rest(b) - rest(a)) / (lambda * std::pow(rho, Real(depth - 1) / m));
}

double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

bool follow(const Run &run) {
  const int d = static_cast<int>(run.data.lambda.size()), depth = run.depth;
  std::vector<double> sxx(d), syy(d * d), weights((depth + 1) * d * d), ladder(d), looked(d), integrator(LANES_INTEGRATOR);
  double end = 0, time = 0, looked_at = -1, lost[2] = {};
  for (int i = 0; i < d; i++) {
    sxx[i] = syy[i * d + i] = run.data.lambda[i] / run.data.rho[i];
    ladder[i] = static_cast<double>(fixed_point(run, i) / 2);
    end = std::fmax(end, 1.01 * static_cast<double>(exact_time(run, i, ladder[i])));
    for (int a = 0; a <= depth; a++) weights[(a * d + i) * d + i] = std::pow(run.scale, 1.0 / depth);
  }
  std::vector<double> sorted = ladder;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<int32_t> above(d), below(d);
  std::vector<lanes_passage> passage(d * d);
  int32_t passages = 0, status = LANES_GOING, next_point = 0;
  int64_t step = 0, evaluations = 0;
  lanes_batch batch = {};
  batch.version = LANES_VERSION, batch.bytes = sizeof batch, batch.mode = LANES_FLOW, batch.precision = LANES_FLOAT64;
  batch.objective = run.objective, batch.depth = depth, batch.runs = batch.threads = 1, batch.features = batch.width = d;
  batch.rungs = static_cast<int>(sorted.size()), batch.capacity = d * d, batch.budget = INT64_MAX;
  batch.sxx = sxx.data(), batch.syx = run.data.lambda.data(), batch.syy = syy.data();
  batch.end = &end, batch.weights = weights.data(), batch.integrator = integrator.data(), batch.step = &step;
  batch.time = &time, batch.ladder = sorted.data(), batch.above = above.data(), batch.below = below.data();
  batch.looked = looked.data(), batch.looked_at = &looked_at, batch.next_point = &next_point;
  batch.passage = passage.data(), batch.passages = &passages, batch.status = &status, batch.lost = lost;
  batch.evaluations = &evaluations;
  lanes::FlowSpace space(batch);
  const double before = seconds();
  space.train(0);
  const double spent = seconds() - before;
  double worst = status == LANES_DONE ? 0 : INFINITY;
  int found = 0;
  for (int p = 0; p < passages; p++) {
    const auto &[feature, rung, from, to, fraction] = passage[p];
    if (sorted[rung] != ladder[feature]) continue;
    const Real exact = exact_time(run, feature, ladder[feature]);
    worst = std::fmax(worst, static_cast<double>(std::fabs((from + fraction * (to - from)) / exact - 1)));
    found++;
  }
  const bool good = found == d && worst < 1e-8;
  std::printf("%-4s L=%d  scale %.0e  %-12s %7lld evaluations %5lld steps %8.2f ms  off by %.1e%s\n",
              run.objective == LANES_JEPA ? "JEPA" : "MAE", depth, run.scale, run.data.name,
              static_cast<long long>(evaluations), static_cast<long long>(step), 1e3 * spent, worst, good ? "" : "  WRONG");
  return good;
}
}  // namespace

int main() {
  const Spectrum spectra[] = {{"lambda alone", {2, 1, 0.5, 0.25}, {1, 1, 1, 1}},
                              {"rho alone", {1, 1, 1, 1}, {0.9, 0.7, 0.55, 0.4}},
                              {"both", {1.12, 1.08, 1.04, 1}, {0.4, 0.5, 0.65, 0.9}}};
  bool good = true;
  for (const int objective : {LANES_JEPA, LANES_MAE})
    for (int depth = 1; depth <= 4; depth++)
      for (const double scale : {1e-3, 1e-4, 1e-5, 1e-6})
        for (const auto &data : spectra) good = follow({objective, depth, scale, data}) && good;
  return good ? 0 : 1;
}
