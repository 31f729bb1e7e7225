#ifndef JEPALAB_LANES_GROUP_H
#define JEPALAB_LANES_GROUP_H
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "cpu/descent.h"
#include "cpu/ladder.h"
#include "cpu/load.h"
#include "cpu/measure.h"
#include "cpu/step.h"
#include "random/drawer.h"

namespace lanes {
/*
 * Trains the runs that share a Net, a lane each, from event to event: a look at the amplitudes, a row, an end. What
 * happens to a lane depends on its own step alone.
 */
template <class V, int Runs, int D, int Kind>
class Group {
 public:
  using Real = typename V::Real;
  static constexpr int lanes = Runs;

  Group(const lanes_batch& b, Team& team)
      : b_(b), net_(b, team.members()), loader_{b, net_}, ruler_(b), team_(team), drawer_(b) {
    for (Real** row : {&up_, &down_, &looked_, &seen_}) *row = arena_.cut<Real>(net_.cd() * V::width);
    arena_.allocate();
    for (Real** row : {&up_, &down_, &looked_, &seen_}) *row = arena_.cut<Real>(net_.cd() * V::width);
    const double work = 6.0 * b.depth * b.width * b.width * b.features * lanes;
    longest_ = static_cast<int64_t>(std::max(1.0, 4e8 / work));
  }

  /* Trains `count` ≤ lanes runs on, as far as the call goes. */
  void train(const int* runs, int count) {
    for (int lane = 0; lane < lanes; lane++) begin(lane, runs[lane < count ? lane : 0], lane < count);
    fresh_ = false;
    for (;;) {
      attend();
      int64_t updates = longest_;
      bool any = false;
      for (int lane = 0; lane < count; lane++) {
        if (!going_[lane]) continue;
        any = true;
        updates = std::min(updates, next_event(lane) - step_[lane]);
      }
      if (!any) return;
      if (is_cancelled(b_)) break;
      advance(updates);
      for (int lane = 0; lane < count; lane++)
        if (going_[lane]) step_[lane] += updates;
    }
    for (int lane = 0; lane < count; lane++)
      if (going_[lane]) retire(lane, LANES_GOING);
  }

 private:
  void begin(int lane, int run, bool real) {
    run_[lane] = run;
    going_[lane] = real;
    apart([=](const Share& share) { loader_.load(run, lane, share); });
    net_.rate[lane] = real ? static_cast<Real>(b_.rate[b_.rate_table != 0 ? run * b_.budget : run]) : 0;
    repeat(net_.rate), repeat(net_.mu);
    first_[lane] = step_[lane] = b_.step[run];
    end_[lane] = static_cast<int64_t>(b_.end[run]);
    stop_[lane] = std::min(end_[lane], step_[lane] + b_.budget);
    for (int j = 0; j < b_.features; j++) {
      const double was = b_.looked[static_cast<std::ptrdiff_t>(run) * b_.features + j];
      net_.element(looked_, lane, j) = static_cast<Real>(was);
      thresholds(lane, j);
    }
  }

  void thresholds(int lane, int j) {
    const Climb climb(b_, run_[lane]);
    net_.element(up_, lane, j) = climb.template up<Real>(j);
    net_.element(down_, lane, j) = climb.template down<Real>(j);
  }

  int64_t next_look(int lane) const {
    const double last = b_.looked_at[run_[lane]];
    if (last < 0) return step_[lane];
    const int64_t at = static_cast<int64_t>(last);
    return at + std::max<int64_t>(1, at / 1000);
  }

  int64_t next_point(int lane) const {
    const int32_t next = b_.next_point[run_[lane]];
    if (next >= b_.points) return INT64_MAX;
    return static_cast<int64_t>(b_.point[static_cast<std::ptrdiff_t>(run_[lane]) * b_.points + next]);
  }

  int64_t next_event(int lane) const { return std::min({next_look(lane), next_point(lane), stop_[lane]}); }

  /* Looks, rows and ends that are due now. */
  void attend() {
    uint32_t due = 0;
    for (int lane = 0; lane < lanes; lane++) {
      if (!going_[lane] || b_.looked_at[run_[lane]] >= static_cast<double>(step_[lane])) continue;
      if (std::min({next_look(lane), next_point(lane), end_[lane]}) <= step_[lane]) due |= 1u << lane;
    }
    if (due != 0) look(due);
    for (int lane = 0; lane < lanes; lane++) {
      if (!going_[lane]) continue;
      if (next_point(lane) <= step_[lane]) row(lane);
      if (going_[lane] && step_[lane] >= end_[lane]) retire(lane, LANES_DONE);
      if (going_[lane] && step_[lane] >= stop_[lane]) retire(lane, LANES_GOING);
    }
  }

  void look(uint32_t due) {
    if (!fresh_) {
      together([](const Step<V, Runs, D, Kind>& step) { step.forward(); });
      fresh_ = true;
    }
    amplitudes();
    const V most = V::broadcast(largest_amplitude<Real>());
    uint32_t full = 0, first = 0;
    for (int lane = 0; lane < lanes; lane++)
      if ((due >> lane & 1) != 0 && b_.looked_at[run_[lane]] < 0) first |= 1u << lane;
    for (int c = 0; c < net_.cd(); c++) {
      const V now = V::load(seen_ + c * V::width);
      uint32_t flags = at_least(now, V::load(up_ + c * V::width)) | at_most(now, V::load(down_ + c * V::width)) |
                       ~at_most(now, most) | repeated(first);
      flags &= repeated(due);
      for (; flags != 0; flags &= flags - 1) {
        const int bit = __builtin_ctz(flags), lane = bit % Runs, j = (c * V::width + bit) / Runs;
        if (j < b_.features && going_[lane] && !meet(lane, j, first >> lane & 1)) full |= 1u << lane;
      }
    }
    for (int lane = 0; lane < lanes; lane++) {
      if ((due >> lane & 1) == 0 || !going_[lane]) continue;
      if ((full >> lane & 1) != 0) {
        retire(lane, LANES_GOING);  // the look is taken again in the next call, with room
      } else {
        b_.looked_at[run_[lane]] = static_cast<double>(step_[lane]);
        for (int j = 0; j < b_.features; j++) net_.element(looked_, lane, j) = net_.element(seen_, lane, j);
      }
    }
  }

  /* An amplitude that has passed a rung or left the numbers, or is seen for the first time. */
  bool meet(int lane, int j, bool first) {
    const int run = run_[lane];
    const double now = net_.element(seen_, lane, j), to = static_cast<double>(step_[lane]);
    if (!(now <= largest_amplitude<Real>())) {
      b_.lost[2 * run] = j;
      b_.lost[2 * run + 1] = now;
      retire(lane, LANES_LOST);
      return true;
    }
    const Climb climb(b_, run);
    if (first) climb.begin(j, now);
    const bool fits = first || climb.pass(j, net_.element(looked_, lane, j), b_.looked_at[run], now, to);
    thresholds(lane, j);
    return fits;
  }

  void row(int lane) {
    const int run = run_[lane];
    if (read_.empty()) read_.resize(loader_.weights());
    double* row = b_.row + (static_cast<std::ptrdiff_t>(run) * b_.points + b_.next_point[run]) * (1 + b_.features);
    apart([=](const Share& share) { loader_.read(lane, read_.data(), share); });
    ruler_.measure(run, read_.data(), row);
    for (int j = 0; j <= b_.features; j++) {
      if (j == 0 ? std::isfinite(row[0]) : row[j] <= largest_amplitude<double>()) continue;
      b_.lost[2 * run] = j - 1;
      b_.lost[2 * run + 1] = row[j];
      return retire(lane, LANES_LOST);
    }
    b_.next_point[run]++;
  }

  /* Takes a run out of its lane; what the lane holds from here on is nobody's. */
  void retire(int lane, int32_t status) {
    const int run = run_[lane];
    apart([=](const Share& share) { loader_.save(run, lane, share); });
    b_.step[run] = step_[lane];
    b_.status[run] = status;
    for (int j = 0; j < b_.features; j++)
      b_.looked[static_cast<std::ptrdiff_t>(run) * b_.features + j] = net_.element(looked_, lane, j);
    going_[lane] = false;
    net_.rate[lane] = 0;
  }

  /* |W̄ dᵢ| of every lane into seen_. */
  void amplitudes() {
    typename Net<V, Runs, D>::Mat seen = net_.product();
    if (b_.directions != nullptr) {
      seen = net_.back;
      const Step<V, Runs, D, Kind> step{net_, Share{}};
      step.multiply(net_.size.w(), net_.cd(), net_.size.d(), net_.product().left(), net_.directions.right(),
                    Store<typename Net<V, Runs, D>::Mat>{seen});
    }
    for (int c = 0; c < net_.cd(); c++) {
      V sum = V::zero();
      for (int i = 0; i < net_.size.w(); i++) {
        const V x = V::load(seen.vector(i, c));
        sum = fma(x, x, sum);
      }
      root(sum).store(seen_ + c * V::width);
    }
  }

  /* work(share) on every member of the team. */
  template <class F>
  void apart(F work) {
    if (team_.members() == 1) return work(Share{});
    auto job = [&](int member) { work(Share{&inner_, member, team_.members()}); };
    team_.run(job);
  }

  template <class F>
  void together(F work) {
    apart([&](const Share& share) { work(Step<V, Runs, D, Kind>{net_, share}); });
  }

  void advance(int64_t updates) {
    const int64_t done = step_[leader()] - first_[leader()];
    const bool fresh = fresh_;
    if (b_.mode == LANES_MOMENTS) begin_draws(done);
    together([=](const Step<V, Runs, D, Kind>& step) {
      for (int64_t u = 0; u < updates; u++) {
        if (step.team.member == 0) prepare(done + u);
        const bool climbs = u > 0 || !fresh;
        if (b_.rate_table != 0) step.team.sync();
        if (climbs) step.forward();
        step.gather();
        step.residual();
        step.backward();
      }
    });
    fresh_ = false;
  }

  /* What an update needs beside the weights. Every going lane is at the same update of this call. */
  void prepare(int64_t update) {
    if (b_.rate_table != 0) {
      for (int lane = 0; lane < lanes; lane++)
        if (going_[lane]) net_.rate[lane] = static_cast<Real>(b_.rate[run_[lane] * b_.budget + update]);
      repeat(net_.rate);
    }
    if (b_.mode == LANES_GIVEN)
      for (int lane = 0; lane < lanes; lane++)
        if (going_[lane]) loader_.batch(run_[lane], lane, update);
    if (b_.mode == LANES_MOMENTS) drawer_.draw(net_);
  }

  void begin_draws(int64_t update) {
    int64_t seeds[lanes], steps[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      seeds[lane] = b_.seed[run_[lane]];
      steps[lane] = first_[lane] + update;
    }
    drawer_.begin(seeds, steps);
  }

  /* What stands there for each lane goes on over the whole vector. */
  static void repeat(Real* row) {
    for (int i = Runs; i < V::width; i++) row[i] = row[i - Runs];
  }
  static uint32_t repeated(uint32_t mask) {
    for (int i = Runs; i < V::width; i += Runs) mask |= mask << Runs;
    return mask;
  }

  int leader() const {
    int lane = 0;
    while (!going_[lane]) lane++;
    return lane;
  }

  const lanes_batch& b_;
  Net<V, Runs, D> net_;
  Loader<V, Runs, D> loader_;
  Ruler ruler_;
  Team& team_;
  Drawer<V, Runs, D> drawer_;
  Barrier inner_{team_.members()};
  Arena arena_;
  Real *up_ = nullptr, *down_ = nullptr, *looked_ = nullptr, *seen_ = nullptr;
  std::vector<double> read_;
  int run_[lanes];
  bool going_[lanes];
  int64_t step_[lanes], first_[lanes], end_[lanes], stop_[lanes];
  int64_t longest_;
  bool fresh_ = false;
};
}  // namespace lanes
#endif
