#ifndef JEPALAB_KERNELS_ELEMENTWISE_H
#define JEPALAB_KERNELS_ELEMENTWISE_H
#include <cstdint>

/* Numbers by themselves, each result rounded once, as tfjs's operations of these names have them; `to` may be an operand. */
namespace kernels {
void add(int64_t count, const float* a, const float* b, float* to);
void subtract(int64_t count, const float* a, const float* b, float* to);
void multiply(int64_t count, const float* a, const float* b, float* to);
void scale(int64_t count, const float* a, float by, float* to);

/*
 * to [R] = Σ x² of each run's `size` numbers: 64 chains of fused multiply-adds, element i in chain i mod 64, whose ends are
 * added half to half; so that a run's sum does not depend on the others.
 */
void squares(int64_t runs, int64_t size, const float* x, float* to);
}  // namespace kernels
#endif
