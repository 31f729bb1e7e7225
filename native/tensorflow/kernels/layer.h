#ifndef JEPALAB_KERNELS_LAYER_H
#define JEPALAB_KERNELS_LAYER_H
#include <cstdint>

#include "activation.h"
#include "update.h"

namespace kernels {
/* A layer of R runs: y [R][B][O] = act(x [R][B][I] · w [R][I][O] + b [R][O]), all dense and row-major. */
struct Layer {
  int64_t runs, batch, in, out;
  Activation activation;
};

/* b may be NULL. */
void layer_forward(const Layer&, const float* x, const float* w, const float* b, float* y);
/* dx [R][B][I] of dy [R][B][O]; y is what the layer gave. Where `x` is one, dx are the slopes by what went into that activation. */
void layer_input_slopes(const Layer&, const float* w, const float* y, const float* dy, float* dx, Slope x = {});
/* dw [R][I][O] and, where it is not NULL, db [R][O]. */
void layer_weight_slopes(const Layer&, const float* x, const float* y, const float* dy, float* dw, float* db);
/* The same without dw: each of its elements goes into a step of sgd as soon as it is there. */
void layer_weight_step(const Layer&, const float* x, const float* y, const float* dy, float* db, const Sgd&, const Step&);
}  // namespace kernels
#endif
