#ifndef JEPALAB_LANES_VEC_QUAD_H
#define JEPALAB_LANES_VEC_QUAD_H
#include <immintrin.h>
#include <cstdint>

namespace lanes {
/* Four floats: a row of a 4 × 4 matrix, where one small run is trained alone and a wide vector would wait for itself. */
struct Quad {
  using Real = float;
  static constexpr int width = 4;
  __m128 v;
  static LANES_INLINE Quad load(const float* p) { return {_mm_loadu_ps(p)}; }
  static LANES_INLINE Quad broadcast(float x) { return {_mm_set1_ps(x)}; }
  static LANES_INLINE Quad zero() { return {_mm_setzero_ps()}; }
  LANES_INLINE void store(float* p) const { _mm_storeu_ps(p, v); }
  friend LANES_INLINE Quad operator+(Quad a, Quad b) { return {_mm_add_ps(a.v, b.v)}; }
  friend LANES_INLINE Quad operator-(Quad a, Quad b) { return {_mm_sub_ps(a.v, b.v)}; }
  friend LANES_INLINE Quad operator*(Quad a, Quad b) { return {_mm_mul_ps(a.v, b.v)}; }
  friend LANES_INLINE Quad fma(Quad a, Quad b, Quad c) { return {_mm_fmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Quad fms(Quad a, Quad b, Quad c) { return {_mm_fmsub_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Quad fnma(Quad a, Quad b, Quad c) { return {_mm_fnmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Quad root(Quad a) { return {_mm_sqrt_ps(a.v)}; }
  friend LANES_INLINE uint32_t at_least(Quad a, Quad b) { return _mm_movemask_ps(_mm_cmp_ps(a.v, b.v, _CMP_GE_OQ)); }
  friend LANES_INLINE uint32_t at_most(Quad a, Quad b) { return _mm_movemask_ps(_mm_cmp_ps(a.v, b.v, _CMP_LE_OQ)); }
};

/* to[c][r] = from[r][c] for 4 × 4. */
LANES_INLINE void turn_block(Quad, const float* from, std::ptrdiff_t row, float* to, std::ptrdiff_t out) {
  __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + row), c = _mm_loadu_ps(from + 2 * row), d = _mm_loadu_ps(from + 3 * row);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps(to, a);
  _mm_storeu_ps(to + out, b);
  _mm_storeu_ps(to + 2 * out, c);
  _mm_storeu_ps(to + 3 * out, d);
}
}  // namespace lanes
#endif
