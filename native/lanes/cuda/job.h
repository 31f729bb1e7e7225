#ifndef JEPALAB_LANES_CUDA_JOB_H
#define JEPALAB_LANES_CUDA_JOB_H
#include <cstdint>

/* What the host hands to a kernel, and what lies on the card between launches. Plain data for both compilers.
 */
namespace lanes::card {

/* Why a run stopped in a launch. */
enum Stop : int32_t {
  REACHED = 0, /* the launch's limit */
  LOOK =
      1,  /* the look that is due needs the host: the first, a lost amplitude, or no room for its passages */
  ROW = 2 /* a measurement point */
};

struct RunState {
  int64_t step, first, limit; /* now; at the start of the call; where this launch must stop */
  int64_t end, next_point;    /* INT64_MAX where no point is left */
  int64_t looked_at;          /* -1 before the first look */
  int32_t active, stop;
  int32_t room;   /* rungs that may be passed in this launch */
  int32_t events; /* how many `Event`s the launch has logged */
};

/* An amplitude passed a rung or several between two looks; the host dates the passages. */
struct Event {
  int64_t from, to;
  double was, now;
  int64_t feature;
};

/* Where each matrix of a run lies in its memory, in reals; -1: not there. Index 1 … depth are the layers, 0
 * V. */
struct Layout {
  int32_t ld;     /* reals from row to row, a multiple of four */
  int32_t square; /* reals of one matrix */
  int32_t weight, below, residual, back, mixed, syx, batch, lower, kick, noise, rows, reals;
  int32_t carry, velocity, slow_reals; /* in memory of their own where the first is full */
  int32_t slow_inside;
};

template <class Real>
struct Job {
  int32_t objective, mode, form, compensated, depth, features, width, runs, rungs, rate_table, draws;
  int32_t log_size; /* Events a run */
  int64_t window;   /* updates for which rates and batches are here, from `base` on */
  int64_t base;     /* the first of them, counted from the start of the call */
  Layout layout;

  RunState* state;                    /* [runs] */
  Real *weights, *carry, *velocity;   /* [runs][lanes_weights], dense */
  const Real *sxx, *syx, *directions; /* [runs][d], form, [runs][d][d] or null */
  const Real *slope, *noise, *sigma, *share;
  const int64_t* seed;
  const Real *rate, *momentum;       /* [runs] or [runs][window]; [runs] or null */
  const Real *batch_sxx, *batch_syx; /* [runs][window][d][d] */
  const double* ladder;              /* [rungs] */
  int32_t *above, *below;            /* [runs][d] */
  Real *looked, *seen;               /* [runs][d] */
  Event* log;                        /* [runs][log_size] */
  Real* workspace; /* for kernels whose matrices do not fit on the chip: layout.reals a run */
  Real* slow;      /* layout.slow_reals a run, where slow_inside is 0 */
};

}  // namespace lanes::card
#endif
