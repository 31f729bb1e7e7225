#include <atomic>
#include <thread>

#include "cpu/ladder.h"
#include "cpu/measure.h"
#include "cuda/trainer.h"

/* What the host does where a launch has stopped: dates passages, takes looks, measures rows. */
namespace lanes::card {

/* The passages that the card has seen; it has made sure that there is room. */
template <class Real>
void Trainer<Real>::replay(int run) {
  const Climb climb(b_, run);
  const RunState& s = state_.host[run];
  for (int e = 0; e < s.events; e++) {
    const Event& event = log_.host[static_cast<std::size_t>(run) * job_.log_size + e];
    climb.pass(static_cast<int>(event.feature), event.was, static_cast<double>(event.from), event.now,
               static_cast<double>(event.to));
  }
}

/* A look that the card left to the host, as cpu/group.h takes it. */
template <class Real>
void Trainer<Real>::take_look(int run) {
  RunState& s = state_.host[run];
  const int64_t first = static_cast<int64_t>(run) * b_.features;
  const double to = static_cast<double>(s.step);
  const bool is_first = s.looked_at < 0;
  const Climb climb(b_, run);
  bool fits = true;
  for (int j = 0; j < b_.features; j++) {
    const Real now = seen_.host[first + j];
    if (!(now <= largest_amplitude<Real>())) {
      b_.lost[2 * run] = j, b_.lost[2 * run + 1] = now;
      b_.status[run] = LANES_LOST;
      s.active = 0;
      break;
    }
    if (is_first)
      climb.begin(j, now);
    else
      fits = climb.pass(j, looked_.host[first + j], b_.looked_at[run], now, to) && fits;
  }
  for (int j = 0; j < b_.features; j++) {
    above_.host[first + j] = b_.above[first + j];
    below_.host[first + j] = b_.below[first + j];
    if (s.active != 0 && fits) looked_.host[first + j] = seen_.host[first + j];
  }
  if (s.active == 0) return;
  if (!fits) {
    s.active = 0; /* the look is taken again in the next call, with room */
    return;
  }
  s.looked_at = s.step;
  b_.looked_at[run] = to;
}

/* The rows of these runs, shared out over the threads. */
template <class Real>
void Trainer<Real>::take_rows(const std::vector<int>& runs) {
  if (runs.empty()) return;
  weights_.pull(), carry_.pull();
  std::atomic<std::size_t> next{0};
  const auto serve = [&] {
    Ruler ruler(b_);
    std::vector<double> weights(size_);
    for (std::size_t i = next++; i < runs.size(); i = next++) {
      const int run = runs[i];
      for (int64_t e = 0, at = run * size_; e < size_; e++, at++) {
        weights[e] = weights_.host[at];
        if (!carry_.host.empty()) weights[e] += carry_.host[at];
      }
      const int64_t row = static_cast<int64_t>(run) * b_.points + b_.next_point[run];
      ruler.measure(run, weights.data(), b_.row + row * (1 + b_.features));
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < std::min<int>(b_.threads, static_cast<int>(runs.size())); t++)
    others.emplace_back(serve);
  serve();
  for (std::thread& thread : others) thread.join();
  for (int run : runs) {
    const double* row =
        b_.row + (static_cast<int64_t>(run) * b_.points + b_.next_point[run]) * (1 + b_.features);
    for (int j = 0; j <= b_.features && state_.host[run].active != 0; j++) {
      if (j == 0 ? std::isfinite(row[0]) : row[j] <= largest_amplitude<double>()) continue;
      b_.lost[2 * run] = j - 1, b_.lost[2 * run + 1] = row[j];
      b_.status[run] = LANES_LOST;
      state_.host[run].active = 0;
    }
    if (state_.host[run].active != 0) b_.next_point[run]++;
  }
}

/* Ends a run that has come to its end, or as far as this call goes. */
template <class Real>
void Trainer<Real>::settle(int run) {
  RunState& s = state_.host[run];
  if (s.active == 0) return;
  if (s.step >= s.end) b_.status[run] = LANES_DONE;
  if (s.step >= stop_[run]) s.active = 0;
}

template <class Real>
void Trainer<Real>::attend() {
  bool events = false, looks = false;
  for (const RunState& s : state_.host) {
    if (s.active == 0) continue;
    events = events || s.events > 0;
    looks = looks || s.stop == LOOK;
  }
  if (events) log_.pull();
  if (looks) looked_.pull(), seen_.pull(), above_.pull(), below_.pull();
  std::vector<int> rows;
  for (int r = 0; r < b_.runs; r++) {
    RunState& s = state_.host[r];
    if (s.active == 0) continue;
    replay(r);
    b_.looked_at[r] = static_cast<double>(s.looked_at);
    if (s.stop == LOOK) take_look(r);
    if (s.active != 0 && next_point(r) <= s.step) rows.push_back(r);
  }
  if (looks) looked_.push(), above_.push(), below_.push();
  while (!rows.empty()) { /* points may share a step */
    take_rows(rows);
    const auto is_over = [&](int r) {
      return state_.host[r].active == 0 || next_point(r) > state_.host[r].step;
    };
    rows.erase(std::remove_if(rows.begin(), rows.end(), is_over), rows.end());
  }
  for (int r = 0; r < b_.runs; r++) settle(r);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace lanes::card
