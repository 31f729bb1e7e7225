#ifndef JEPALAB_LANES_PROBES_PRODUCT_H
#define JEPALAB_LANES_PROBES_PRODUCT_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/*
 * out = A B in doubles, A [m][k], B [k][n], out [m][n] and dense, by strides as in workers/objectives/multiply.ts, and with that
 * function's bits: every entry is one sum over rising k from +0, of a rounded product and a rounded addition each. A fused
 * multiply-add would be twice as fast and have other bits than a machine without these kernels.
 */
typedef struct {
  int64_t m, n, k;
  const double *a;
  int64_t a_row, a_col; /* from A[i][l] to A[i + 1][l] and to A[i][l + 1], 0 or more */
  const double *b;
  int64_t b_row, b_col;
  int32_t lower; /* 1: what lies right of the diagonal of out may be left as it was; for A B that is symmetric */
  double *out;   /* overlaps neither A nor B */
} lanes_product_call;

/* LANES_OK, LANES_BAD_SHAPE (a size or stride below 0), LANES_BAD_POINTER or LANES_NO_MEMORY; on the calling thread. */
__attribute__((visibility("default"))) int32_t lanes_product(const lanes_product_call *call);

#ifdef __cplusplus
}
#endif
#endif
