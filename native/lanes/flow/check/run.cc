#include "run.h"

#include <climits>
#include <ctime>

namespace {
double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
}  // namespace

FlowRun::FlowRun(int objective, int depth, const std::vector<double> &lambda, const std::vector<double> &rho)
    : objective(objective), depth(depth), d(static_cast<int>(lambda.size())), lambda(lambda), sxx(d) {
  weights.resize((depth + 1) * d * d);
  for (int i = 0; i < d; i++) sxx[i] = lambda[i] / rho[i];
}

double FlowRun::train(const Library &library) {
  std::vector<double> syy(d * d), looked(d), integrator(LANES_INTEGRATOR);
  for (int i = 0; i < d; i++) syy[i * d + i] = sxx[i];
  double time = 0, looked_at = -1, lost[2] = {};
  std::vector<int32_t> above(d), below(d);
  passage.resize(d * (ladder.size() + 1));
  int32_t next_point = 0;
  lanes_batch batch = {};
  batch.version = LANES_VERSION, batch.bytes = sizeof batch;
  batch.mode = LANES_FLOW, batch.precision = LANES_FLOAT64, batch.objective = objective, batch.depth = depth;
  batch.runs = batch.threads = 1, batch.features = batch.width = d;
  batch.rungs = static_cast<int>(ladder.size()), batch.capacity = static_cast<int>(passage.size());
  batch.budget = INT64_MAX, batch.sxx = sxx.data(), batch.syx = lambda.data(), batch.syy = syy.data();
  batch.end = &end, batch.weights = weights.data(), batch.integrator = integrator.data(), batch.step = &step;
  batch.time = &time, batch.ladder = ladder.data(), batch.above = above.data(), batch.below = below.data();
  batch.looked = looked.data(), batch.looked_at = &looked_at, batch.next_point = &next_point;
  batch.passage = passage.data(), batch.passages = &passages, batch.status = &status, batch.lost = lost;
  batch.evaluations = &evaluations;
  const double before = seconds();
  if (library.run(&batch) != LANES_OK) status = LANES_LOST;
  return seconds() - before;
}
