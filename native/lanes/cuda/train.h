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

/* What changes while a run is trained. The rest of its RunState is read where it is needed, to spare
 * registers. */
struct Going {
  int64_t step, looked_at;
  int32_t room, events;
};

/* The step at which something but an update is due. */
LANES_CARD int64_t next_event(const RunState& s, const Going& g) {
  int64_t at = next_look(g.looked_at, g.step);
  if (s.next_point < at) at = s.next_point;
  return s.limit < at ? s.limit : at;
}

LANES_CARD bool is_look_due(const RunState& s, const Going& g) {
  if (g.looked_at >= g.step) return false;
  return next_look(g.looked_at, g.step) <= g.step || s.next_point <= g.step || g.step >= s.end;
}

/* |W̄ dᵢ| into row 4; each thread some features. */
template <class Net, class Real>
LANES_CARD void amplitudes(Net& net, const Job<Real>& job, int64_t run) {
  const Real* whole = net.below(net.depth());
  const Real* directions = job.directions == nullptr ? nullptr : job.directions + run * net.d() * net.d();
  net.each_in_row(net.d(), [&](int j) {
    Real square = 0;
    LANES_UNROLL_LONE
    for (int i = 0; i < net.w(); i++) {
      Real x = whole[i * net.ld() + j];
      if (directions != nullptr) {
        x = 0;
        LANES_UNROLL_LONE
        for (int k = 0; k < net.d(); k++) x = fused(whole[i * net.ld() + k], directions[k * net.d() + j], x);
      }
      square = fused(x, x, square);
    }
    net.amplitudes()[j] = root(square);
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
LANES_CARD bool log_passages(Net& net, const Job<Real>& job, int64_t run, Going& g) {
  const int64_t first = run * net.d();
  int rungs = 0;
  LANES_UNROLL_LONE
  for (int j = 0; j < net.d(); j++) {
    const Real now = net.amplitudes()[j];
    if (!is_within(now)) return false;
    for (int k = job.above[first + j]; k < job.rungs && now >= job.ladder[k]; k++) rungs++;
    for (int k = job.below[first + j]; k >= 0 && now <= job.ladder[k]; k--) rungs++;
  }
  if (rungs > g.room) return false;
  g.room -= rungs;
  LANES_UNROLL_LONE
  for (int j = 0; j < net.d(); j++) {
    const Real now = net.amplitudes()[j];
    if (!is_notable(job, first + j, now)) continue;
    Event& event = job.log[run * job.log_size + g.events++];
    event = {g.looked_at, g.step, static_cast<double>(job.looked[first + j]), static_cast<double>(now), j};
    int32_t &up = job.above[first + j], &down = job.below[first + j];
    while (up < job.rungs && now >= job.ladder[up]) up++;
    while (down >= 0 && now <= job.ladder[down]) down--;
  }
  return true;
}

/* The look that is due. @returns false where the host has to take it */
template <class Net, class Real>
LANES_CARD bool look(Net& net, const Job<Real>& job, int64_t run, Going& g, bool is_leader) {
  amplitudes(net, job, run);
  const int64_t first = run * net.d();
  bool mine = false;
  net.each_in_row(net.d(), [&](int j) { mine = mine || is_notable(job, first + j, net.amplitudes()[j]); });
  bool taken = g.looked_at >= 0;
  if (taken && net.any(mine)) {
    int told = 0;
    if (is_leader) told = log_passages(net, job, run, g) ? 1 : 0;
    taken = net.told(told) != 0;
  }
  Real* to = taken ? job.looked : job.seen;
  net.each_in_row(net.d(), [&](int j) { to[first + j] = net.amplitudes()[j]; });
  if (taken) g.looked_at = g.step;
  net.sync();
  return taken;
}

/* One update, after `forward`. */
template <class Net, class Real>
LANES_CARD void update(Net& net, const Job<Real>& job, int64_t run, int64_t step) {
  const Real momentum = job.momentum == nullptr ? Real(0) : job.momentum[run];
  const int64_t number = step - job.state[run].first - job.base;
  const Real rate = job.rate[job.rate_table != 0 ? run * job.window + number : run];
  if constexpr (Net::lone) {
    population(net);
  } else if (job.mode == LANES_GIVEN) {
    load_batch(net, job, run * job.window + number);
    given(net);
  } else if (job.mode == LANES_MOMENTS) {
    draw(net, job, run, step);
    moments(net);
  } else {
    population(net);
  }
  backward(net, rate, momentum);
}

/*
 * Trains one run from its state to its next stop. All threads of its team call this with the same arguments;
 * what the leader holds counts.
 */
template <class Net, class Real>
LANES_CARD void train(Net& net, const Job<Real>& job, int64_t run, bool is_leader) {
  RunState& s = job.state[run];
  if (s.active == 0) return;
  load(net, job, run);
  Going g{s.step, s.looked_at, s.room, 0};
  int32_t stop = REACHED;
  bool fresh = false;
  for (;;) {
    if (is_look_due(s, g)) {
      if (!fresh) forward(net);
      fresh = true;
      if (!look(net, job, run, g, is_leader)) {
        stop = LOOK;
        break;
      }
    }
    if (s.next_point <= g.step) stop = ROW;
    if (stop == ROW || s.limit <= g.step) break;
    const int64_t until = next_event(s, g);
    LANES_ROLL
    for (; g.step < until; g.step++) {
      if (!fresh) forward(net);
      fresh = false;
      update(net, job, run, g.step);
    }
  }
  save(net, job, run);
  net.sync(); /* no thread reads the old state any more */
  if (!is_leader) return;
  s.step = g.step, s.looked_at = g.looked_at, s.stop = stop, s.events = g.events;
}

}  // namespace lanes::card
#endif
