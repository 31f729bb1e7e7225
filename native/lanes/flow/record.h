#ifndef JEPALAB_LANES_FLOW_RECORD_H
#define JEPALAB_LANES_FLOW_RECORD_H
#include <cmath>
#include <vector>

#include "cpu/ladder.h"
#include "cpu/measure.h"
#include "flow/curve.h"
#include "flow/stepper.h"

namespace lanes {
/* What a flow shows: rows at its points and the passages of the ladder, both read inside the accepted steps. */
class FlowRecord {
 public:
  FlowRecord(const lanes_batch &batch, const FlowData &shape)
      : b_(batch), shape_(shape), ruler_(batch), theta_(shape.size()), now_(batch.features) {
    for (auto *v : {&from_, &to_}) v->resize(shape.width > shape.features ? shape.width : shape.features);
  }

  /* The first look. @returns false where an amplitude is past the finite numbers: the run is lost */
  bool begin(int run, const double *theta) {
    run_ = run;
    look(theta);
    if (!finite()) return false;
    for (int i = 0; i < b_.features; i++) Climb(b_, run).begin(i, now_[i]);
    keep(b_.time[run]);
    int32_t &next = b_.next_point[run];
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(run) * b_.points;
    for (; next < b_.points && b_.point[first + next] <= b_.time[run]; next++)
      if (!measure(first + next, theta, b_.step[run])) return false;
    return true;
  }
  void resume(int run) { run_ = run; }

  /* Reads the amplitudes at the end of a step. @returns false where one is lost, and says which */
  bool look(const double *theta) {
    for (int i = 0; i < b_.features; i++) now_[i] = amplitude(theta, i);
    return finite();
  }

  /*
   * Dates the rungs that the step from `from` to `to` has passed. @returns false where there was no room for them all;
   * those noted are not noted again when the same step is taken anew.
   */
  bool date(Stepper &step, const double *start, double from, double to) {
    opened_ = false;
    for (int i = 0; i < b_.features; i++) {
      int32_t &up = b_.above[at(i)], &down = b_.below[at(i)];
      curve_.begin(b_.looked[at(i)], now_[i]);
      for (; up < b_.rungs && now_[i] >= b_.ladder[up]; up++)
        if (!note(step, start, i, up, from, to)) return false;
      for (; down >= 0 && now_[i] <= b_.ladder[down]; down--)
        if (!note(step, start, i, down, from, to)) return false;
    }
    return true;
  }

  /* Measures the rows in (from, to]. @returns false where the loss or an amplitude is lost */
  bool rows(Stepper &step, const double *start, double from, double to) {
    int32_t &next = b_.next_point[run_];
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(run_) * b_.points;
    for (; next < b_.points && b_.point[first + next] <= to; next++) {
      const double point = b_.point[first + next];
      const double *theta = step.end();
      if (point < to) {
        open(start);
        step.inside((point - from) / (to - from), theta_.data());
        theta = theta_.data();
      }
      if (!measure(first + next, theta, b_.step[run_] + (point < to ? 0 : 1))) return false;
    }
    return true;
  }

  /* The amplitudes of the last look, as those of `time`. */
  void keep(double time) {
    for (int i = 0; i < b_.features; i++) b_.looked[at(i)] = now_[i];
    b_.looked_at[run_] = time;
  }

 private:
  std::ptrdiff_t at(int feature) const { return static_cast<std::ptrdiff_t>(run_) * b_.features + feature; }

  /* Row number `at` of all runs. @returns false where the loss or an amplitude is lost */
  bool measure(std::ptrdiff_t at, const double *theta, int64_t step) {
    double *row = b_.row + at * (1 + b_.features);
    if (b_.row_step != nullptr) b_.row_step[at] = step;
    ruler_.measure(run_, theta, row);
    for (int i = 0; i <= b_.features; i++) {
      if (i == 0 ? std::isfinite(row[0]) : row[i] <= largest_amplitude<double>()) continue;
      lose(i - 1, row[i]);
      return false;
    }
    return true;
  }

  bool finite() {
    for (int i = 0; i < b_.features; i++) {
      if (now_[i] <= largest_amplitude<double>()) continue;
      lose(i, now_[i]);
      return false;
    }
    return true;
  }

  void lose(int feature, double value) {
    b_.lost[2 * static_cast<std::ptrdiff_t>(run_)] = feature;
    b_.lost[2 * static_cast<std::ptrdiff_t>(run_) + 1] = value;
  }

  /* theta_ becomes a buffer that `inside` may fill: what it leaves out stays as at the start. */
  void open(const double *start) {
    if (!opened_)
      for (std::size_t i = 0; i < theta_.size(); i++) theta_[i] = start[i];
    opened_ = true;
  }

  /* |W-bar d_i|, a matrix and a vector at a time. */
  double amplitude(const double *theta, int feature) {
    const int d = shape_.features, w = shape_.width;
    for (int r = 0; r < w; r++) {
      double sum = 0;
      if (b_.directions == nullptr) {
        sum = theta[static_cast<std::ptrdiff_t>(r) * d + feature];
      } else {
        const double *q = b_.directions + (static_cast<std::ptrdiff_t>(run_) * d) * d + feature;
        for (int k = 0; k < d; k++) sum = std::fma(theta[static_cast<std::ptrdiff_t>(r) * d + k], q[static_cast<std::ptrdiff_t>(k) * d], sum);
      }
      from_[r] = sum;
    }
    for (int a = 1; a < shape_.depth; a++) {
      const double *layer = theta + shape_.start(a);
      for (int r = 0; r < w; r++) {
        double sum = 0;
        for (int k = 0; k < w; k++) sum = std::fma(layer[static_cast<std::ptrdiff_t>(r) * w + k], from_[k], sum);
        to_[r] = sum;
      }
      from_.swap(to_);
    }
    double square = 0;
    for (int r = 0; r < w; r++) square = std::fma(from_[r], from_[r], square);
    return std::sqrt(square);
  }

  bool note(Stepper &step, const double *start, int feature, int rung, double from, double to) {
    int32_t &count = b_.passages[run_];
    if (count >= b_.capacity) return false;
    open(start);
    const double fraction = curve_.crossing(b_.ladder[rung], [&](double x) {
      step.inside(x, theta_.data());
      return amplitude(theta_.data(), feature);
    });
    b_.passage[static_cast<std::ptrdiff_t>(run_) * b_.capacity + count++] = {feature, rung, from, to, fraction};
    return true;
  }

  const lanes_batch &b_;
  const FlowData shape_;
  Ruler ruler_;
  int run_ = 0;
  bool opened_ = false;
  Curve curve_;
  std::vector<double> theta_, now_, from_, to_;
};
}  // namespace lanes
#endif
