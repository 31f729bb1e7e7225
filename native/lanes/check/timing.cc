#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "case.h"
#include "peak.h"
#include "verdict.h"

namespace {

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/** A case far into its run, where a look comes every thousand steps, at a rate that leaves it where it is. */
Case timed_case(int runs, int features, int depth, int precision, int mode, int threads) {
  Shape s;
  s.runs = runs, s.features = s.width = features, s.depth = depth, s.precision = precision, s.mode = mode;
  s.threads = threads, s.points = 0, s.steps = 1;
  if (mode == LANES_MOMENTS) s.rows = std::max(64, features);
  Case c = make_case(s);
  for (double& rate : c.rate) rate = 1e-6;
  for (double& end : c.end) end = 1e15;
  for (int64_t& step : c.step) step = 1000000;
  for (double& at : c.looked_at) at = 1e6;
  for (int32_t& rung : c.above) rung = static_cast<int32_t>(c.ladder.size());
  for (int32_t& rung : c.below) rung = -1;
  for (double& amplitude : c.looked) amplitude = 1;
  return c;
}

/** Seconds of one call; negative where it fails. */
double call(const Library& library, Case& c, int64_t budget) {
  const lanes_batch batch = c.view(budget);
  const double from = clock_seconds();
  const int32_t code = library.run(&batch);
  const double seconds = clock_seconds() - from;
  if (code == LANES_OK) return seconds;
  std::fprintf(stderr, "%s: code %d: %s\n", c.shape.name().c_str(), code, library.last_error());
  return -1;
}

/** The median of five calls, each of some 0.2 s. @returns run-steps/s, 0 where a call fails */
double run_steps_a_second(const Library& library, Case& c) {
  int64_t budget = 1;
  double seconds = call(library, c, budget);
  while (seconds >= 0 && seconds < 0.05) {
    budget *= seconds < 0.005 ? 8 : 2;
    seconds = call(library, c, budget);
  }
  if (seconds < 0) return 0;
  budget = std::max<int64_t>(1, std::llround(static_cast<double>(budget) * 0.2 / seconds));
  double times[5];
  for (double& time : times)
    if ((time = call(library, c, budget)) < 0) return 0;
  std::sort(times, times + 5);
  return static_cast<double>(budget) * c.shape.runs / times[2];
}

const char* layout_name(int layout) {
  static const char* names[] = {"auto", "lanes", "matrix", "team", "braid"};
  return layout >= 0 && layout <= 4 ? names[layout] : "?";
}

}  // namespace

bool time_library(const Library& library, int threads, bool json) {
  static const char* precisions[] = {"compensated", "float32", "float64", "int8x3"};
  static const char* modes[] = {"flow", "descent", "moments", "given"};
  const bool on_card = std::strcmp(library.name(), "cuda") == 0;
  double peak[2];
  for (int is_double = 0; is_double < 2; is_double++) {
    const int32_t precision = is_double ? LANES_FLOAT64 : LANES_FLOAT32;
    peak[is_double] =
        on_card && library.device_peak ? library.device_peak(precision) : measure_peak(is_double, threads);
    if (!json)
      std::printf("%s peak %.4g GFLOP/s\n", is_double ? "float64" : "float32", peak[is_double] / 1e9);
  }
  std::vector<int> batches = {1, 16, 256};
  if (on_card) batches = {256, 4096, 65536};
  bool good = true;
  for (int mode : {LANES_DESCENT, LANES_MOMENTS})
    for (int precision : {LANES_FLOAT32, LANES_COMPENSATED, LANES_FLOAT64, LANES_INT8X3})
      for (int d : {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})
        for (int runs : batches) {
          if (precision == LANES_INT8X3 && (!library.has_whole_numbers() || d < 16)) continue;
          if (mode == LANES_MOMENTS && (precision == LANES_FLOAT32 || d > 64)) continue;
          if (double(runs) * d * d > 7e7) continue; /* half a gigabyte of weights a layer */
          Case c = timed_case(runs, d, 3, precision, mode, threads);
          const lanes_batch batch = c.view(1);
          const char* layout = layout_name(library.choose(&batch));
          const double rate = run_steps_a_second(library, c);
          good = good && rate > 0;
          /* A population step: forward, backward and gradients of 3 layers, 6 L d^3 FLOP. */
          const double share = rate * 6.0 * 3 * d * d * d / peak[precision == LANES_FLOAT64];
          if (json)
            std::printf(
                "{\"library\":\"%s\",\"mode\":\"%s\",\"precision\":\"%s\",\"layout\":\"%s\",\"threads\":%d,"
                "\"runs\":%d,"
                "\"features\":%d,\"depth\":3,\"rows\":%d,\"runStepsPerSecond\":%.6g,\"shareOfPeak\":%.4f}\n",
                library.name(), modes[mode], precisions[precision], layout, threads, runs, d, c.shape.rows,
                rate, share);
          else
            std::printf("%-8s %-12s %-7s R=%-6d d=%-4d L=3 %10.4g run-steps/s %5.1f %% of peak\n",
                        modes[mode], precisions[precision], layout, runs, d, rate, 100 * share);
          std::fflush(stdout);
        }
  return good;
}
