#include "cuda/trainer.h"

#include <cstring>

#include "cpu/descent.h"
#include "cpu/validate.h"

namespace lanes::card {
namespace {

/* Rates and batches are sent a window at a time: this many bytes at most. */
constexpr double kWindowBytes = 512e6;

template <class Real>
void round_to(std::vector<Real>& to, const double* from, std::size_t count) {
  to.resize(count);
  for (std::size_t i = 0; i < count; i++) to[i] = static_cast<Real>(from[i]);
}

}  // namespace

template <class Real>
Trainer<Real>::Trainer(const lanes_batch& b)
    : b_(b),
      size_(lanes_weights(b.objective, b.depth, b.features, b.width)),
      plan_(make_plan(b, shared_limit())),
      trained_(b.runs, false),
      stop_(b.runs, 0) {
  const double step = 6.0 * b.depth * b.width * b.width * b.features * b.runs;
  longest_ = static_cast<int64_t>(std::clamp(launch_work() / step, 1.0, 1e6));
  if (is_windowed()) {
    const double square = static_cast<double>(b.features) * b.features;
    const double update = sizeof(Real) * b.runs * (1 + (b.mode == LANES_GIVEN ? 2 * square : 0));
    longest_ = std::clamp(static_cast<int64_t>(kWindowBytes / update), int64_t{1}, longest_);
    longest_ = std::min(longest_, b.budget);
  }
  keep_recorder();
}

template <class Real>
void Trainer<Real>::keep_recorder() {
  const std::size_t R = b_.runs, all = R * b_.features;
  const auto keep = [](auto& to, const auto* from, std::size_t n) { to.assign(from, from + n); };
  keep(before_.above, b_.above, all), keep(before_.below, b_.below, all);
  keep(before_.next_point, b_.next_point, R), keep(before_.passages, b_.passages, R);
  keep(before_.status, b_.status, R), keep(before_.looked_at, b_.looked_at, R),
      keep(before_.lost, b_.lost, 2 * R);
}

template <class Real>
void Trainer<Real>::undo() {
  const auto back = [](const auto& from, auto* to) { std::copy(from.begin(), from.end(), to); };
  back(before_.above, b_.above), back(before_.below, b_.below), back(before_.next_point, b_.next_point);
  back(before_.passages, b_.passages), back(before_.status, b_.status), back(before_.looked_at, b_.looked_at);
  back(before_.lost, b_.lost);
}

template <class Real>
void Trainer<Real>::start_runs() {
  state_.host.resize(b_.runs);
  for (int r = 0; r < b_.runs; r++) {
    b_.passages[r] = 0;
    RunState& s = state_.host[r];
    s = RunState{};
    if (b_.status[r] != LANES_GOING) continue;
    if (!is_sound(b_, r)) {
      b_.status[r] = LANES_BAD_RUN;
      continue;
    }
    trained_[r] = true;
    s.active = 1;
    s.step = s.first = b_.step[r];
    s.end = static_cast<int64_t>(b_.end[r]);
    s.looked_at = static_cast<int64_t>(b_.looked_at[r]);
    stop_[r] = std::min(s.end, s.step + b_.budget);
  }
}

template <class Real>
void Trainer<Real>::place_data() {
  const std::size_t R = b_.runs, d = b_.features, square = d * d, form = b_.form == LANES_FULL ? square : d;
  round_to(sxx_.host, b_.sxx, R * d), round_to(syx_.host, b_.syx, R * form);
  if (b_.directions != nullptr) round_to(directions_.host, b_.directions, R * square);
  if (b_.momentum != nullptr) round_to(momentum_.host, b_.momentum, R);
  if (b_.rate_table == 0) round_to(rate_.host, b_.rate, R);
  if (b_.mode == LANES_MOMENTS) {
    round_to(slope_.host, b_.slope, R * form), round_to(noise_.host, b_.noise, R * form);
    for (Real& value : noise_.host) value = -value;
    sigma_.host.resize(R * d), share_.host.resize(R * d);
    for (std::size_t i = 0; i < R * d; i++) {
      const double sigma = std::sqrt(b_.sxx[i]);
      sigma_.host[i] = static_cast<Real>(sigma), share_.host[i] = static_cast<Real>(sigma / b_.rows);
    }
    seed_.host.assign(b_.seed, b_.seed + R);
  }
  ladder_.host.assign(b_.ladder, b_.ladder + b_.rungs);
  for (Mirror<Real>* m : {&sxx_, &syx_, &directions_, &momentum_, &slope_, &noise_, &sigma_, &share_})
    m->place();
  seed_.place(), ladder_.place();
  if (b_.rate_table == 0)
    rate_.place();
  else
    rate_.reserve(R * longest_);
  if (b_.mode == LANES_GIVEN)
    batch_sxx_.reserve(R * longest_ * square), batch_syx_.reserve(R * longest_ * square);
}

template <class Real>
void Trainer<Real>::place_state() {
  const std::size_t R = b_.runs, d = b_.features;
  round_to(weights_.host, b_.weights, R * size_);
  if (b_.precision == LANES_COMPENSATED) { /* what the first rounding takes off is carried too */
    carry_.host.resize(R * size_);
    for (std::size_t i = 0; i < R * size_; i++)
      carry_.host[i] = static_cast<Real>(b_.weights[i] - weights_.host[i] + b_.carry[i]);
  }
  if (b_.momentum != nullptr) round_to(velocity_.host, b_.velocity, R * size_);
  round_to(looked_.host, b_.looked, R * d);
  seen_.host.resize(R * d);
  above_.host.assign(b_.above, b_.above + R * d), below_.host.assign(b_.below, b_.below + R * d);
  job_.log_size = std::min<int32_t>(b_.capacity, std::max<int32_t>(16, 2 * b_.features));
  log_.host.resize(R * job_.log_size);
  for (Mirror<Real>* m : {&weights_, &carry_, &velocity_, &looked_, &seen_}) m->place();
  above_.place(), below_.place(), state_.place(), log_.place();
  if (plan_.kernel == TEAM_ANY) workspace_.reserve(R * plan_.layout.reals);
  slow_.reserve(R * plan_.layout.slow_reals);
}

template <class Real>
void Trainer<Real>::point_job() {
  Job<Real>& j = job_;
  j.objective = b_.objective, j.mode = b_.mode, j.form = b_.form;
  j.compensated = b_.precision == LANES_COMPENSATED;
  j.depth = b_.depth, j.features = b_.features, j.width = b_.width, j.runs = b_.runs, j.rungs = b_.rungs;
  j.rate_table = b_.rate_table, j.draws = b_.rows;
  j.window = is_windowed() ? longest_ : 0, j.base = is_windowed() ? -longest_ : 0;
  j.layout = plan_.layout;
  j.state = state_.card(), j.weights = weights_.card(), j.carry = carry_.card(),
  j.velocity = velocity_.card();
  j.sxx = sxx_.card(), j.syx = syx_.card(), j.directions = directions_.card(), j.slope = slope_.card();
  j.noise = noise_.card(), j.sigma = sigma_.card(), j.share = share_.card(), j.seed = seed_.card();
  j.rate = rate_.card(), j.momentum = momentum_.card(), j.batch_sxx = batch_sxx_.card();
  j.batch_syx = batch_syx_.card(), j.ladder = ladder_.card(), j.above = above_.card(),
  j.below = below_.card();
  j.looked = looked_.card(), j.seen = seen_.card(), j.log = log_.card(), j.workspace = workspace_.card();
  j.slow = slow_.card();
}

/* Sends the rates and batches of the next updates, once every run has done those of the last. False: none is
 * left. */
template <class Real>
bool Trainer<Real>::open_window() {
  bool any = false, done = true;
  for (const RunState& s : state_.host) {
    if (s.active == 0) continue;
    any = true;
    done = done && s.step - s.first >= job_.base + job_.window;
  }
  if (!any || !is_windowed() || !done) return any;
  job_.base += job_.window;
  const int64_t square = static_cast<int64_t>(b_.features) * b_.features, window = job_.window;
  const int64_t count = std::min(window, b_.budget - job_.base);
  const auto cut = [&](Mirror<Real>& to, const double* from, int64_t n) {
    to.host.resize(static_cast<std::size_t>(b_.runs) * window * n);
    for (int64_t r = 0; r < b_.runs; r++)
      for (int64_t i = 0; i < count * n; i++)
        to.host[r * window * n + i] = static_cast<Real>(from[(r * b_.budget + job_.base) * n + i]);
    to.push();
  };
  if (b_.rate_table != 0) cut(rate_, b_.rate, 1);
  if (b_.mode == LANES_GIVEN) cut(batch_sxx_, b_.batch_sxx, square), cut(batch_syx_, b_.batch_syx, square);
  return true;
}

template <class Real>
int64_t Trainer<Real>::next_point(int run) const {
  const int32_t next = b_.next_point[run];
  if (next >= b_.points) return INT64_MAX;
  return static_cast<int64_t>(b_.point[static_cast<int64_t>(run) * b_.points + next]);
}

/* Where each run stops in the next launch. */
template <class Real>
void Trainer<Real>::aim() {
  for (int r = 0; r < b_.runs; r++) {
    RunState& s = state_.host[r];
    if (s.active == 0) continue;
    const int64_t far = is_windowed() ? s.first + job_.base + job_.window : s.step + longest_;
    s.limit = std::min(stop_[r], far);
    s.next_point = next_point(r);
    s.room = std::min(job_.log_size, b_.capacity - b_.passages[r]);
    s.events = 0;
  }
  state_.push();
}

template <class Real>
void Trainer<Real>::train() {
  start_runs();
  place_data();
  place_state();
  point_job();
  while (open_window() && !is_cancelled(b_)) {
    aim();
    if (!launch(plan_, job_)) throw CardFailed();
    state_.pull();
    attend();
  }
}

template <class Real>
void Trainer<Real>::commit() {
  weights_.pull(), carry_.pull(), velocity_.pull(), looked_.pull();
  for (int r = 0; r < b_.runs; r++) {
    if (!trained_[r]) continue;
    const int64_t at = r * size_, d = b_.features;
    const auto write = [](const std::vector<Real>& from, double* to, int64_t first, int64_t count) {
      if (!from.empty()) std::copy(from.begin() + first, from.begin() + first + count, to + first);
    };
    write(weights_.host, b_.weights, at, size_), write(carry_.host, b_.carry, at, size_);
    write(velocity_.host, b_.velocity, at, size_), write(looked_.host, b_.looked, r * d, d);
    b_.step[r] = state_.host[r].step;
  }
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace lanes::card
