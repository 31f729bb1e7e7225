#ifndef JEPALAB_LANES_H
#define JEPALAB_LANES_H
#include <stdint.h>

/*
 * Trains a batch of deep linear JEPA or MAE runs of one shape: the C interface of every build of the kernels
 * (portable, AVX2, AVX-512, CUDA). One call trains each run on from its state by at most `budget` updates and
 * returns; calling again with the same struct goes on, and where the calls are cut changes no bit.
 *
 * R runs, depth L, d features, width w >= d, o rows of the decoder: w for JEPA, d for MAE.
 * A run's weights are W1 [w][d], W2 ... WL [w][w], V [o][w], row-major, one after the other: `lanes_weights` doubles.
 * Data come in coordinates in which Sxx is diagonal (W1 <- W1 Q, and V <- Q'V for MAE, docs/lanes.md).
 * All arrays belong to the caller. Nothing is kept between calls, nothing is thrown.
 */
#define LANES_VERSION 1u
#define LANES_MAX_DEPTH 8
#define LANES_MAX_FEATURES 1024
#define LANES_MAX_WIDTH 1024

enum lanes_objective { LANES_JEPA = 0, LANES_MAE = 1 };

enum lanes_mode {
  LANES_FLOW = 0,    /* gradient flow of the population loss, adaptive, float64 alone */
  LANES_DESCENT = 1, /* gradient descent on the population moments */
  LANES_MOMENTS = 2, /* sgd, the moments of each batch of `rows` Gaussian samples drawn in law; rows >= d */
  LANES_GIVEN = 3    /* sgd, the moments of each batch handed over in `batch_sxx` and `batch_syx` */
};

/* How `syx`, `slope` and `noise` are given: [R][d], the diagonal, or [R][d][d]. */
enum lanes_form { LANES_DIAGONAL = 0, LANES_FULL = 1 };

/*
 * Compensated: float32 weights that carry what each update rounded off (Kahan), exact to some 1e-7 for ever. Int8x3: the same,
 * and products of matrices in whole numbers, three digits of 8 bits an element, for processors that have tiles (cpu/digits.h).
 */
enum lanes_precision { LANES_COMPENSATED = 0, LANES_FLOAT32 = 1, LANES_FLOAT64 = 2, LANES_INT8X3 = 3 };

/*
 * A run is a SIMD lane | one run at a time, SIMD along its rows | one run over all threads | two or four runs at a time, their
 * elements side by side along the rows (a build without such vectors takes the matrix layout).
 */
enum lanes_layout { LANES_AUTO = 0, LANES_LANES = 1, LANES_MATRIX = 2, LANES_TEAM = 3, LANES_BRAID = 4 };

/* What a call came to. Only LANES_OK and LANES_CANCELLED have touched the runs. */
enum lanes_code {
  LANES_OK = 0,
  LANES_CANCELLED = 1,   /* `*cancel` was set: every run stands at the step it reached */
  LANES_BAD_VERSION = 2, /* the struct is of another version or size */
  LANES_BAD_SHAPE = 3,   /* a size is zero, negative or past the limits above */
  LANES_BAD_MODE = 4,    /* an enum value unknown, or a combination that does not exist (flow in float32) */
  LANES_BAD_POINTER = 5, /* an array that this mode needs is NULL */
  LANES_NO_MEMORY = 6,
  LANES_NO_DEVICE = 7    /* CUDA: no card, no driver, or the card failed; lanes_last_error says which */
};

enum lanes_status {
  LANES_GOING = 0,    /* neither at its end nor lost */
  LANES_DONE = 1,     /* at its end */
  LANES_LOST = 2,     /* left the finite numbers: see `lost` */
  LANES_STUCK = 3,    /* flow: the step fell below what float64 counts */
  LANES_BAD_RUN = 4   /* a weight, a datum or a rate of this run is not finite: it was not trained */
};

/* The moment at which an amplitude first passed a rung of the ladder: from + fraction * (to - from), where
 * `from` and `to` are steps (descent and sgd) or times (flow). */
typedef struct lanes_passage {
  int32_t feature;
  int32_t rung; /* index in `ladder` */
  double from, to, fraction;
} lanes_passage;

typedef struct lanes_batch {
  uint32_t version; /* LANES_VERSION */
  uint32_t bytes;   /* sizeof(lanes_batch) */

  int32_t objective, mode, form, precision, layout;
  int32_t threads; /* 1 to 256 */
  int32_t runs, depth, features, width;
  int32_t rows;       /* samples a batch, LANES_MOMENTS */
  int32_t rate_table; /* 0: `rate` is [R]; 1: [R][budget], the rate of each update of this call */
  int32_t rungs;      /* length of `ladder` */
  int32_t points;     /* measurement points a run, P */
  int32_t capacity;   /* passages a run can take in this call, >= 1; a run that needs more returns early and goes on in the next */
  int64_t budget;     /* updates (descent, sgd) or gradient evaluations (flow) a run, at most, in this call; >= 1 */

  /* Data */
  const double *sxx;        /* [R][d] variances along the axes, >= 0 */
  const double *syx;        /* form: [R][d] or [R][d][d] */
  const double *syy;        /* [R][d][d], for the loss alone */
  const double *directions; /* [R][d][d], column i is feature i; NULL: the axes */
  const double *slope;      /* form: M of y = M x + n, LANES_MOMENTS */
  const double *noise;      /* form: H with n = H g, g ~ N(0, I), LANES_MOMENTS */
  const double *batch_sxx;  /* [R][budget][d][d], LANES_GIVEN: X'X/n and Y'X/n of each update of this call */
  const double *batch_syx;
  const int64_t *seed;      /* [R], 0 <= seed < 2^53, LANES_MOMENTS */

  /* Training */
  const double *rate;     /* learning rates, see rate_table; not in flow */
  const double *momentum; /* [R] heavy ball, or NULL for none */
  const double *end;      /* [R] the step (a whole number) or flow time at which the run is done */

  /* State, in and out */
  double *weights;    /* [R][lanes_weights] */
  double *carry;      /* [R][lanes_weights] what rounding took off; 0 at the start. LANES_COMPENSATED, LANES_INT8X3 */
  double *velocity;   /* [R][lanes_weights]; 0 at the start. With momentum */
  double *integrator; /* [R][LANES_INTEGRATOR]; 0 at the start. LANES_FLOW */
  int64_t *step;      /* [R] updates or accepted integrator steps done */
  double *time;       /* [R] flow time reached. LANES_FLOW */

  /* Recorder, state in and out */
  const double *ladder;  /* [rungs] rising amplitudes */
  int32_t *above;        /* [R][d] index of the rung above the maximum so far; `rungs` where there is none. Set by the first look */
  int32_t *below;        /* [R][d] index of the rung below the minimum so far; -1 where there is none. Set by the first look */
  double *looked;        /* [R][d] amplitudes at the last look */
  double *looked_at;     /* [R] the step or time of the last look; -1 before the first */
  const double *point;   /* [R][P] rising steps or times at which a row is measured; 0 is the start */
  int32_t *next_point;   /* [R] how many rows are measured */
  double *row;           /* [R][P][1 + d] loss and amplitudes at each point */
  int64_t *row_step;     /* [R][P] accepted integrator steps at each point. LANES_FLOW */
  lanes_passage *passage; /* [R][capacity] of this call */
  int32_t *passages;     /* [R] how many of them */

  /* Outcome */
  int32_t *status;        /* [R] lanes_status; only LANES_GOING runs are trained on */
  double *lost;           /* [R][2] LANES_LOST: the feature (-1: the loss) and its value */
  int64_t *evaluations;   /* [R] gradient evaluations so far, added to. LANES_FLOW */
  const volatile int32_t *cancel; /* looked at every few ms of work; NULL: never */
} lanes_batch;

#define LANES_INTEGRATOR 16

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* all else in a library is its own */

/* Trains. Reads and writes what the struct points at; see the top. */
int32_t lanes_run(const lanes_batch *batch);
/* Doubles of one run's weights; 0 where the shape is past the limits. */
int64_t lanes_weights(int32_t objective, int32_t depth, int32_t features, int32_t width);
/* "portable", "avx2", "avx512" or "cuda". */
const char *lanes_name(void);
/* Whether LANES_INT8X3 has a unit of the processor for its tiles: 1, or 0 where it goes by floats, many times slower. */
int32_t lanes_tiles(void);
/* The layout that LANES_AUTO takes for a batch. */
int32_t lanes_choose(const lanes_batch *batch);
/* A sentence on the last call of this thread that did not return LANES_OK; "" where there was none. */
const char *lanes_last_error(void);
#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
