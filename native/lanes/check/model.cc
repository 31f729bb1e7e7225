#include "model.h"

#include <algorithm>

#include "reference.h"

int64_t next_look(double last) {
  return static_cast<int64_t>(last) + std::max<int64_t>(1, static_cast<int64_t>(last) / 1000);
}

namespace {

template <class Real>
class Follower {
 public:
  Follower(Case& c, int run)
      : c_(c),
        s_(c.shape),
        run_(run),
        compensated_(s_.carries()),
        model_(s_) {
    const int64_t size = c.weights_a_run();
    const auto read = [&](const std::vector<double>& from) {
      return std::vector<Real>(from.begin() + run * size, from.begin() + (run + 1) * size);
    };
    model_.weights = read(c.weights);
    if (compensated_) {
      model_.carry.resize(size);
      for (int64_t i = 0; i < size; i++) { /* what the first rounding takes off is carried too */
        const double weight = c.weights[run * size + i];
        model_.carry[i] = static_cast<Real>(weight - model_.weights[i] + c.carry[run * size + i]);
      }
    }
    if (s_.momentum) model_.velocity = read(c.velocity);
    const auto part = [&](const std::vector<double>& from) {
      const size_t n = from.size() / s_.runs;
      return std::vector<Real>(from.begin() + run * n, from.begin() + (run + 1) * n);
    };
    sxx_ = part(c.sxx), syx_ = part(c.syx), directions_ = part(c.directions);
  }

  /** The loop of one run: a look where one is due, a row at a point, then an update. */
  void train(int64_t budget) {
    int64_t step = c_.step[run_], left = budget;
    const int64_t end = static_cast<int64_t>(c_.end[run_]);
    c_.passages[run_] = 0;
    while (c_.status[run_] == LANES_GOING) {
      model_.forward();
      if (due(step, end)) look(step);
      if (c_.status[run_] == LANES_GOING && step >= end) c_.status[run_] = LANES_DONE;
      if (c_.status[run_] != LANES_GOING || left == 0) break;
      update(step, budget - left);
      step++, left--;
    }
    c_.step[run_] = step;
    store();
  }

 private:
  Case& c_;
  const Shape& s_;
  int run_;
  bool compensated_;
  Model<Real> model_;
  std::vector<Real> sxx_, syx_, directions_;

  bool at_point(int64_t step) const {
    const int next = c_.next_point[run_];
    return next < s_.points && static_cast<double>(step) >= c_.point[run_ * s_.points + next];
  }

  bool due(int64_t step, int64_t end) const {
    const double last = c_.looked_at[run_];
    if (last >= 0 && static_cast<double>(step) <= last) return false;
    return last < 0 || step >= next_look(last) || step >= end || at_point(step);
  }

  void update(int64_t step, int64_t done) {
    (void)step;
    const int d = s_.features;
    const int64_t column = int64_t(run_) * s_.steps + done;
    if (s_.mode == LANES_GIVEN) {
      const double *xx = &c_.batch_sxx[column * d * d], *yx = &c_.batch_syx[column * d * d];
      const std::vector<Real> sxx(xx, xx + d * d), syx(yx, yx + d * d);
      model_.gradient_of_batch(sxx.data(), syx.data());
    } else {
      model_.gradient_of_population(sxx_.data(), syx_.data());
    }
    const double rate = s_.rate_table ? c_.rate[column] : c_.rate[run_];
    model_.update(static_cast<Real>(rate), s_.momentum ? static_cast<Real>(c_.momentum[run_]) : Real(0));
  }

  void look(int64_t step) {
    const int d = s_.features, rungs = static_cast<int>(c_.ladder.size());
    const auto& ladder = c_.ladder;
    const auto now = model_.amplitudes(directions_.empty() ? nullptr : directions_.data());
    for (int j = 0; j < d; j++)
      if (!(static_cast<double>(now[j]) <= 1e150 && std::isfinite(now[j]))) return lose(j, now[j]);
    const double last = c_.looked_at[run_];
    for (int j = 0; j < d; j++) {
      int32_t &above = c_.above[run_ * d + j], &below = c_.below[run_ * d + j];
      if (last < 0) {
        above = static_cast<int>(std::upper_bound(ladder.begin(), ladder.end(), now[j]) - ladder.begin());
        below = static_cast<int>(std::lower_bound(ladder.begin(), ladder.end(), now[j]) - ladder.begin()) - 1;
      }
      for (; above < rungs && now[j] >= ladder[above]; above++) note(j, above, last, step, now[j]);
      for (; below >= 0 && now[j] <= ladder[below]; below--) note(j, below, last, step, now[j]);
      c_.looked[run_ * d + j] = now[j];
    }
    c_.looked_at[run_] = static_cast<double>(step);
    if (at_point(step)) row();
  }

  void note(int feature, int rung, double from, int64_t to, Real now) {
    const double was = c_.looked[run_ * s_.features + feature];
    const double fraction =
        (std::log(c_.ladder[rung]) - std::log(was)) / (std::log(double(now)) - std::log(was));
    lanes_passage& p = c_.passage[int64_t(run_) * c_.capacity + c_.passages[run_]++];
    p = {feature, rung, from, static_cast<double>(to),
         std::isfinite(fraction) ? std::min(1.0, std::max(0.0, fraction)) : 1};
  }

  void row() {
    store();
    const int64_t size = c_.weights_a_run();
    std::vector<double> weights(&c_.weights[run_ * size], &c_.weights[run_ * size] + size);
    if (compensated_)
      for (int64_t i = 0; i < size; i++) weights[i] += c_.carry[run_ * size + i];
    const auto found = measure(c_, run_, weights.data());
    for (size_t j = 0; j < found.size(); j++)
      if (!(std::isfinite(found[j]) && (j == 0 || found[j] <= 1e150)))
        return lose(static_cast<int>(j) - 1, found[j]);
    const int at = c_.next_point[run_]++;
    std::copy(found.begin(), found.end(), &c_.row[(run_ * s_.points + at) * (1 + s_.features)]);
  }

  void lose(int feature, double value) {
    c_.status[run_] = LANES_LOST;
    c_.lost[2 * run_] = feature, c_.lost[2 * run_ + 1] = value;
  }

  void store() {
    const int64_t at = run_ * c_.weights_a_run();
    std::copy(model_.weights.begin(), model_.weights.end(), &c_.weights[at]);
    std::copy(model_.carry.begin(), model_.carry.end(), &c_.carry[at]);
    if (s_.momentum) std::copy(model_.velocity.begin(), model_.velocity.end(), &c_.velocity[at]);
  }
};

bool is_finite_run(const Case& c, int r) {
  const auto good = [&](const std::vector<double>& v) {
    const size_t n = v.size() / c.shape.runs;
    return std::all_of(v.begin() + r * n, v.begin() + (r + 1) * n, [](double x) { return std::isfinite(x); });
  };
  return good(c.weights) && good(c.carry) && good(c.velocity) && good(c.sxx) && good(c.syx) && good(c.syy) &&
         good(c.directions) && good(c.batch_sxx) && good(c.batch_syx) && good(c.rate) && good(c.momentum);
}

}  // namespace

void train_model(Case& c, int64_t budget) {
  for (int r = 0; r < c.shape.runs; r++) {
    if (c.status[r] != LANES_GOING) continue;
    if (!is_finite_run(c, r))
      c.status[r] = LANES_BAD_RUN;
    else if (c.shape.precision == LANES_FLOAT64)
      Follower<double>(c, r).train(budget);
    else
      Follower<float>(c, r).train(budget);
  }
}
