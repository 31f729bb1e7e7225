#ifndef JEPALAB_LANES_VEC_HALF_H
#define JEPALAB_LANES_VEC_HALF_H
#include <immintrin.h>
#include <cstdint>

namespace lanes {
/* Eight floats where a whole vector has sixteen: for so few runs that whole vectors would leave threads without any. */
struct Half {
  using Real = float;
  static constexpr int width = 8;
  __m256 v;
  static LANES_INLINE Half load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static LANES_INLINE Half broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static LANES_INLINE Half zero() { return {_mm256_setzero_ps()}; }
  LANES_INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  friend LANES_INLINE Half operator+(Half a, Half b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend LANES_INLINE Half operator-(Half a, Half b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend LANES_INLINE Half operator*(Half a, Half b) { return {_mm256_mul_ps(a.v, b.v)}; }
  friend LANES_INLINE Half fma(Half a, Half b, Half c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Half fnma(Half a, Half b, Half c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Half fms(Half a, Half b, Half c) { return {_mm256_fmsub_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Half root(Half a) { return {_mm256_sqrt_ps(a.v)}; }
  friend LANES_INLINE uint32_t at_least(Half a, Half b) { return _mm256_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ); }
  friend LANES_INLINE uint32_t at_most(Half a, Half b) { return _mm256_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ); }
};
}  // namespace lanes
#endif
