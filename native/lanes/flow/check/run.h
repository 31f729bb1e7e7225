#ifndef JEPALAB_LANES_FLOW_CHECK_RUN_H
#define JEPALAB_LANES_FLOW_CHECK_RUN_H
#include <vector>

#include "check/library.h"

/** One flow of a square network on diagonal data, and all that a batch of it points at. */
struct FlowRun {
  FlowRun(int objective, int depth, const std::vector<double> &lambda, const std::vector<double> &rho);

  /** Trains it to its end. @returns seconds of this thread */
  double train(const Library &library);

  int objective, depth, d;
  std::vector<double> lambda, sxx, weights, ladder;
  double end = 0;
  std::vector<lanes_passage> passage;
  int32_t passages = 0, status = LANES_GOING;
  int64_t step = 0, evaluations = 0;
};
#endif
