#ifndef JEPALAB_LANES_MLP_H
#define JEPALAB_LANES_MLP_H
#include <stdint.h>

#include "lanes.h"

/*
 * Trains a batch of small multilayer perceptrons of one shape by minibatch sgd on resident data. Calls,
 * codes, statuses and cancelling are those of lanes.h: one call trains each run on by at most `budget`
 * updates, and where the calls are cut changes no bit.
 *
 *   encoder f     h0 = x [n0];  z = W_l h_{l-1} (+ b_l);  h_l = act(z) [n_l];  f(x) = h_L
 *   decoder       u = V f(x) (+ c) [outputs]
 *   loss          mean over the rows of a batch of
 *                 |u - y|^2 / 2 (LANES_MAE)  or  |u - SG f(y)|^2 / 2 (LANES_JEPA)
 *
 * A run's weights, row-major, one after the other: for each layer W_l [n_l][n_{l-1}], then with `bias` b_l
 * [n_l]; then V [outputs][n_L] and with `bias` c [outputs]. `lanes_mlp_weights` doubles.
 *
 * The rows of a batch. Update number s (from 0) of a run takes rows floor(u_i N), i = 0 ... rows - 1, where
 * u_i are the uniforms of (seed, LANES_MLP_STREAM, s) as in src/data/philox.ts: Philox4x32-10 with key (seed
 * mod 2^32, seed div 2^32) and counter (floor(i / 2), s mod 2^32, s div 2^32, stream) gives words w0 ... w3;
 * with (a, b) = (w0, w1) for even i and (w2, w3) for odd i, u = (a 2^20 + floor(b / 2^12) + 1/2) 2^-52, and u
 * N is rounded to double.
 *
 * The arithmetic is float32 and strict, see mlp/README.md.
 */
#define LANES_MLP_VERSION 1u
#define LANES_MLP_MAX_LAYERS 8   /* of the encoder */
#define LANES_MLP_MAX_WIDTH 1024 /* of any layer, input and output */
#define LANES_MLP_MAX_ROWS 4096
#define LANES_MLP_STREAM 6u

enum lanes_activation { LANES_LINEAR = 0, LANES_TANH = 1, LANES_RELU = 2 };

typedef struct lanes_mlp_batch {
  uint32_t version; /* LANES_MLP_VERSION */
  uint32_t bytes;   /* sizeof(lanes_mlp_batch) */

  int32_t objective;  /* LANES_JEPA or LANES_MAE */
  int32_t activation; /* lanes_activation */
  int32_t linear_top; /* 1: the encoder's last layer has no activation */
  int32_t bias;       /* 1: every layer and the decoder have one */
  int32_t precision;  /* LANES_COMPENSATED or LANES_FLOAT32 */
  int32_t threads;    /* 1 to 256 */
  int32_t runs;
  int32_t layers;                          /* L, 1 to 8 */
  int32_t width[LANES_MLP_MAX_LAYERS + 1]; /* n0 ... nL */
  int32_t outputs;                         /* LANES_JEPA: n_L */
  int32_t rows;                            /* samples a batch */
  int32_t own_data;                        /* 0: x and y serve all runs; 1: each run has its own */
  int64_t samples;                         /* N, 1 to 2^31 - 1 */
  int64_t budget;                          /* updates a run, at most, in this call; >= 1 */

  const float* x;      /* [N][n0] or [R][N][n0] */
  const float* y;      /* LANES_MAE [N][outputs], LANES_JEPA [N][n0]; or [R] of them */
  const int64_t* seed; /* [R], 0 <= seed < 2^53 */
  const double* rate;  /* [R] */
  const int64_t* end;  /* [R] the step at which the run is done */

  /* State, in and out */
  double* weights; /* [R][lanes_mlp_weights] */
  double* carry;   /* [R][lanes_mlp_weights] what rounding took off; 0 at the start. LANES_COMPENSATED */
  int64_t* step;   /* [R] updates done */

  /* Outcome */
  double* loss;    /* [R][budget] the batch loss each update of this call started from, or NULL */
  int32_t* status; /* [R] lanes_status; only LANES_GOING runs are trained on */
  double*
      lost; /* [R][2] LANES_LOST: -1 and the loss, which is not finite. The weights are those it came from */
  const volatile int32_t* cancel; /* looked at every few ms of work; NULL: never */
} lanes_mlp_batch;

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Trains. Reads and writes what the struct points at. */
int32_t lanes_mlp_run(const lanes_mlp_batch* batch);
/* Doubles of one run's weights; 0 where the shape is past the limits. Reads the sizes alone. */
int64_t lanes_mlp_weights(const lanes_mlp_batch* batch);
/* A sentence on the last call of this thread that did not return LANES_OK; "" where there was none. */
const char* lanes_mlp_last_error(void);
#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
