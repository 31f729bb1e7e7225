#ifndef JEPALAB_LANES_FLOW_RECORD_H
#define JEPALAB_LANES_FLOW_RECORD_H
#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/ladder.h"
#include "cpu/measure.h"
#include "flow/chart.h"
#include "flow/curve.h"
#include "flow/stepper.h"

namespace lanes {
/* What a flow shows: rows at its points and the passages of the ladder, both read inside the accepted steps.
 */
class FlowRecord {
 public:
  FlowRecord(const lanes_batch &batch, const FlowData &shape, Field *field)
      : b_(batch), shape_(shape), field_(field), ruler_(batch), theta_(shape.size()) {
    for (auto *v : {&from_, &to_}) v->resize(shape.width);
    for (auto *v : {&now_, &slope_, &last_slope_, &square_}) v->resize(shape.features);
    chart_.use(shape.features);
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
    amplitudes(theta, now_.data());
    return finite();
  }

  /* Learns how fast the squares of the amplitudes grow where the next step starts. */
  void lean(const double *theta, const double *velocity) {
    field_->look(theta, velocity, directions(), square_.data(), slope_.data());
  }
  /* The same at its end, before `date`. */
  void arrive(const double *theta, const double *velocity) {
    field_->look(theta, velocity, directions(), square_.data(), last_slope_.data());
  }

  /*
   * Dates the rungs that the step from `from` to `to` has passed. @returns false where there was no room for
   * them all; those noted are not noted again when the same step is taken anew. pause [3]: 0 before a step;
   * what was left of one.
   */
  bool date(Stepper &step, const double *start, double from, double to, double *pause) {
    opened_ = false;
    span_ = to - from;
    const bool drawn = many();
    if (drawn) {
      chart_.draw(b_.looked + at(0), now_.data(), [&](double x, double *amplitude) {
        open(start);
        step.inside(x, theta_.data());
        amplitudes(theta_.data(), amplitude);
      });
    }
    for (int i = 0; i < b_.features; i++) {
      int32_t &up = b_.above[at(i)], &down = b_.below[at(i)];
      curve_.begin(b_.looked[at(i)], now_[i]);
      const auto look = [&](double x) {
        if (drawn && chart_.holds(i)) return chart_.amplitude(i, x);
        open(start);
        step.inside(x, theta_.data());
        return amplitude(theta_.data(), i);
      };
      double highest = now_[i], lowest = now_[i];
      if (turns(i)) {
        const double turn = curve_.extremum(slope_[i] > 0, look);
        highest = std::fmax(highest, turn), lowest = std::fmin(lowest, turn);
      }
      int32_t first_up = up, first_down = down;
      if (pause[0] == i + 1) { /* what has been seen of the step tells a little on the dates to come */
        first_up = static_cast<int32_t>(pause[1]), first_down = static_cast<int32_t>(pause[2]);
        for (int k = first_up; k < up; k++) curve_.crossing(b_.ladder[k], look);
        for (int k = first_down; k > down; k--) curve_.crossing(b_.ladder[k], look);
      }
      bool room = true;
      for (; room && up < b_.rungs && highest >= b_.ladder[up]; up += room)
        room = note(i, up, from, to, look);
      for (; room && down >= 0 && lowest <= b_.ladder[down]; down -= room)
        room = note(i, down, from, to, look);
      if (room) continue;
      pause[0] = i + 1, pause[1] = first_up, pause[2] = first_down;
      return false;
    }
    pause[0] = pause[1] = pause[2] = 0;
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

  /* Whether dating each rung by itself would cost more than a chart. A step tried anew says the same. */
  bool many() const {
    double single = 0;
    for (int i = 0; i < b_.features; i++) {
      const double low = std::fmin(b_.looked[at(i)], now_[i]), high = std::fmax(b_.looked[at(i)], now_[i]);
      const double *end = b_.ladder + b_.rungs, *first = std::lower_bound(b_.ladder, end, low);
      single += 4 * static_cast<double>(std::upper_bound(first, end, high) - first);
    }
    const double square = static_cast<double>(shape_.width) * shape_.width,
                 inside = 8.0 * static_cast<double>(theta_.size());
    return single * (inside + 8 * shape_.depth * square) >
           Chart::looks * (inside + shape_.depth * square * shape_.features);
  }

  /* Whether the amplitude turns inside the step and may have passed a rung there, by its slopes at both ends.
   */
  bool turns(int i) const {
    if (!(slope_[i] < 0 && last_slope_[i] > 0) && !(slope_[i] > 0 && last_slope_[i] < 0)) return false;
    const double was = b_.looked[at(i)], now = now_[i];
    const double reach =
        std::fabs(now - was) + span_ * std::fmax(std::fabs(slope_[i]) / was, std::fabs(last_slope_[i]) / now);
    const int32_t up = b_.above[at(i)], down = b_.below[at(i)];
    if (slope_[i] > 0) return up < b_.rungs && std::fmax(was, now) + reach >= b_.ladder[up];
    return down >= 0 && std::fmin(was, now) - reach <= b_.ladder[down];
  }

  void lose(int feature, double value) {
    b_.lost[2 * static_cast<std::ptrdiff_t>(run_)] = feature;
    b_.lost[2 * static_cast<std::ptrdiff_t>(run_) + 1] = value;
  }

  const double *directions() const {
    return b_.directions == nullptr
               ? nullptr
               : b_.directions + static_cast<std::ptrdiff_t>(run_) * b_.features * b_.features;
  }

  void amplitudes(const double *theta, double *to) {
    field_->look(theta, nullptr, directions(), square_.data(), nullptr);
    for (int i = 0; i < b_.features; i++) to[i] = std::sqrt(square_[i]);
  }

  /* theta_ becomes a buffer that `inside` may fill: what it leaves out stays as at the start. */
  void open(const double *start) {
    if (!opened_)
      for (std::size_t i = 0; i < theta_.size(); i++) theta_[i] = start[i];
    opened_ = true;
  }

  /* to = W1 d_i. */
  void first(const double *theta, int feature, std::vector<double> &to) const {
    const std::ptrdiff_t d = shape_.features;
    for (int r = 0; r < shape_.width; r++) {
      const double *row = theta + r * d;
      double sum = 0;
      if (b_.directions == nullptr) {
        sum = row[feature];
      } else {
        const double *q = directions() + feature;
        for (int k = 0; k < d; k++) sum = std::fma(row[k], q[k * d], sum);
      }
      to[r] = sum;
    }
  }

  /* |W-bar d_i|, a matrix and a vector at a time. */
  double amplitude(const double *theta, int feature) {
    const int w = shape_.width;
    first(theta, feature, from_);
    for (int a = 1; a < shape_.depth; a++) {
      const double *layer = theta + shape_.start(a);
      for (int r = 0; r < w; r++) {
        double sum = 0;
        for (int k = 0; k < w; k++)
          sum = std::fma(layer[static_cast<std::ptrdiff_t>(r) * w + k], from_[k], sum);
        to_[r] = sum;
      }
      from_.swap(to_);
    }
    double square = 0;
    for (int r = 0; r < w; r++) square = std::fma(from_[r], from_[r], square);
    return std::sqrt(square);
  }

  template <class Look>
  bool note(int feature, int rung, double from, double to, Look look) {
    int32_t &count = b_.passages[run_];
    if (count >= b_.capacity) return false;
    const double fraction = curve_.crossing(b_.ladder[rung], look);
    b_.passage[static_cast<std::ptrdiff_t>(run_) * b_.capacity + count++] = {feature, rung, from, to,
                                                                             fraction};
    return true;
  }

  const lanes_batch &b_;
  const FlowData shape_;
  Field *const field_;
  Ruler ruler_;
  int run_ = 0;
  bool opened_ = false;
  Curve curve_;
  Chart chart_;
  double span_ = 0;
  std::vector<double> theta_, now_, slope_, last_slope_, square_, from_, to_;
};
}  // namespace lanes
#endif
