#include "balanced.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "run.h"

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
  const Real a = std::pow(Real(run.scale), Real(1) / depth) / target,
             b = std::pow(level, Real(1) / depth) / target;
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
  const auto climb = [&](Real v) {
    return depth == 1 ? std::log(v) : -std::pow(v, Real(1 - depth)) / (depth - 1);
  };
  return (climb(b) - climb(a) + rest(b) - rest(a)) / (lambda * std::pow(rho, Real(depth - 1) / m));
}

bool follow(const Library &library, const Run &run) {
  const int d = static_cast<int>(run.data.lambda.size()), depth = run.depth;
  FlowRun flow(run.objective, depth, run.data.lambda, run.data.rho);
  std::vector<double> half(d);
  for (int i = 0; i < d; i++) {
    half[i] = static_cast<double>(fixed_point(run, i) / 2);
    flow.end = std::fmax(flow.end, 1.01 * static_cast<double>(exact_time(run, i, half[i])));
    for (int a = 0; a <= depth; a++) flow.weights[(a * d + i) * d + i] = std::pow(run.scale, 1.0 / depth);
  }
  flow.ladder = half;
  std::sort(flow.ladder.begin(), flow.ladder.end());
  flow.ladder.erase(std::unique(flow.ladder.begin(), flow.ladder.end()), flow.ladder.end());
  const double spent = flow.train(library);
  double worst = flow.status == LANES_DONE ? 0 : INFINITY;
  int found = 0;
  for (int p = 0; p < flow.passages; p++) {
    const auto &[feature, rung, from, to, fraction] = flow.passage[p];
    if (flow.ladder[rung] != half[feature]) continue;
    const Real exact = exact_time(run, feature, half[feature]);
    worst = std::fmax(worst, static_cast<double>(std::fabs((from + fraction * (to - from)) / exact - 1)));
    found++;
  }
  const bool good = found == d && worst < 1e-8;
  std::printf("%-4s L=%d  scale %.0e  %-12s %7lld evaluations %5lld steps %8.2f ms  off by %.1e%s\n",
              run.objective == LANES_JEPA ? "JEPA" : "MAE", depth, run.scale, run.data.name,
              static_cast<long long>(flow.evaluations), static_cast<long long>(flow.step), 1e3 * spent, worst,
              good ? "" : "  WRONG");
  return good;
}
}  // namespace

bool check_balanced(const Library &library) {
  const Spectrum spectra[] = {{"lambda alone", {2, 1, 0.5, 0.25}, {1, 1, 1, 1}},
                              {"rho alone", {1, 1, 1, 1}, {0.9, 0.7, 0.55, 0.4}},
                              {"both", {1.12, 1.08, 1.04, 1}, {0.4, 0.5, 0.65, 0.9}}};
  bool good = true;
  for (const int objective : {LANES_JEPA, LANES_MAE})
    for (int depth = 1; depth <= 4; depth++)
      for (const double scale : {1e-3, 1e-4, 1e-5, 1e-6})
        for (const auto &data : spectra) good = follow(library, {objective, depth, scale, data}) && good;
  return good;
}
