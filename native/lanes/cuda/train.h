#ifndef JEPALAB_LANES_CUDA_TRAIN_H
#define JEPALAB_LANES_CUDA_TRAIN_H
#include "cuda/load.h"
#include "cuda/step.h"

namespace lanes::card {

LANES_CARD int64_t next_look(int64_t looked_at, int64_t step) {
  if (looked_at < 0) return step;
  const int64_t gap = looked_at / 1000;
  return looked_at + (gap > 1 ? gap : 1);
}

LANES_CARD bool is_look_due(const RunState& s) {
  if (s.looked_at >= s.step) return false;
  return next_look(s.looked_at, s.step) <= s.step || s.next_point <= s.step || s.step >= s.end;
}

/* |W̄ dᵢ| into row 4; each thread some features. */
template <class Net, class Real>
LANES_CARD void amplitudes(Net& net, const Job<Real>& job, int64_t run) {
  const Real* whole = net.below(net.depth());
  const Real* directions = job.directions == nullptr ? nullptr : job.directions + run * net.d() * net.d();
  net.each_in_row(net.d(), [&](int j) {
    Real square = 0;
    LANES_UNROLL
    for (int i = 0; i < net.w(); i++) {
      Real x = whole[i * net.ld() + j];
      if (directions != nullptr) {
        x = 0;
        LANES_UNROLL
        for (int k = 0; k < net.d(); k++) x = fused(whole[i * net.ld() + k], directions[k * net.d() + j], x);
      }
      square = fused(x, x, square);
    }
    net.row(4)[j] = root(square);
  });
  net.sync();
}

/* Whether an amplitude has passed a rung or is lost. */
template <class Real>
LANES_CARD bool is_notable(const Job<Real>& job, int64_t at, Real now) {
  const int up = job.above[at], down = job.below[at];
  return !is_within(now) || (up < job.rungs && now >= job.ladder[up]) ||
         (down >= 0 && now <= job.ladder[down]);
}

/*
 * By the leader: logs the passages of a look. @returns false where the host has to take the look: an
 * amplitude is lost or the passages do not fit; then nothing is logged
 */
template <class Net, class Real>
LANES_CARD bool log_passages(Net& net, const Job<Real>& job, int64_t run, RunState& s) {
  const int64_t first = run * net.d();
  int rungs = 0;
  LANES_UNROLL
  for (int j = 0; j < net.d(); j++) {
    const Real now = net.row(4)[j];
    if (!is_within(now)) return false;
    for (int k = job.above[first + j]; k < job.rungs && now >= job.ladder[k]; k++) rungs++;
    for (int k = job.below[first + j]; k >= 0 && now <= job.ladder[k]; k--) rungs++;
  }
  if (rungs > s.room) return false;
  s.room -= rungs;
  LANES_UNROLL
  for (int j = 0; j < net.d(); j++) {
    const Real now = net.row(4)[j];
    if (!is_notable(job, first + j, now)) continue;
    Event& event = job.log[run * job.log_size + s.events++];
    event = {s.looked_at, s.step, static_cast<double>(job.looked[first + j]), static_cast<double>(now), j};
    int32_t &up = job.above[first + j], &down = job.below[first + j];
    while (up < job.rungs && now >= job.ladder[up]) up++;
    while (down >= 0 && now <= job.ladder[down]) down--;
  }
  return true;
}

/* The look that is due. @returns false where the host has to take it */
template <class Net, class Real>
LANES_CARD bool look(Net& net, const Job<Real>& job, int64_t run, RunState& s, bool is_leader) {
  amplitudes(net, job, run);
  const int64_t first = run * net.d();
  bool mine = false;
  net.each_in_row(net.d(), [&](int j) { mine = mine || is_notable(job, first + j, net.row(4)[j]); });
  bool taken = s.looked_at >= 0;
  if (taken && net.any(mine)) {
    int told = 0;
    if (is_leader) told = log_passages(net, job, run, s) ? 1 : 0;
    taken = net.told(told) != 0;
  }
  Real* to = taken ? job.looked : job.seen;
  net.each_in_row(net.d(), [&](int j) { to[first + j] = net.row(4)[j]; });
  if (taken) s.looked_at = s.step;
  net.sync();
  return taken;
}

/*
 * Trains one run from its state to its next stop. All threads of its team call this with the same arguments;
 * `s` is a copy for each, of which the leader's counts.
 */
template <class Net, class Real>
LANES_CARD void train(Net& net, const Job<Real>& job, int64_t run, bool is_leader) {
  RunState s = job.state[run];
  if (s.active == 0) return;
  load(net, job, run);
  const Real momentum = job.momentum == nullptr ? Real(0) : job.momentum[run];
  bool fresh = false;
  s.stop = REACHED;
  for (;;) {
    if (is_look_due(s)) {
      if (!fresh) forward(net);
      fresh = true;
      if (!look(net, job, run, s, is_leader)) {
        s.stop = LOOK;
        break;
      }
    }
    if (s.next_point <= s.step) {
      s.stop = ROW;
      break;
    }
    if (s.step >= s.limit) break;
    const int64_t update = s.step - s.first - job.base;
    const Real rate = job.rate[job.rate_table != 0 ? run * job.window + update : run];
    if (!fresh) forward(net);
    fresh = false;
    if constexpr (Net::lone) {
      population(net);
    } else {
      if (job.mode == LANES_GIVEN) load_batch(net, job, run * job.window + update);
      if (job.mode == LANES_MOMENTS) draw(net, job, run, s.step);
      if (job.mode == LANES_DESCENT)
        population(net);
      else if (job.mode == LANES_GIVEN)
        given(net);
      else
        moments(net);
    }
    backward(net, rate, momentum);
    s.step++;
  }
  save(net, job, run);
  if (is_leader) job.state[run] = s;
}

}  // namespace lanes::card
#endif
