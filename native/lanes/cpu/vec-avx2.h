#ifndef JEPALAB_LANES_VEC_AVX2_H
#define JEPALAB_LANES_VEC_AVX2_H
#include <immintrin.h>
#include <cstdint>

namespace lanes {
constexpr const char* isa_name = "avx2";
constexpr int registers = 16;

template <class Real>
struct Vec;

template <>
struct Vec<float> {
  using Real = float;
  static constexpr int width = 8;
  __m256 v;
  static LANES_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static LANES_INLINE Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static LANES_INLINE Vec zero() { return {_mm256_setzero_ps()}; }
  LANES_INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  friend LANES_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fnma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fms(Vec a, Vec b, Vec c) { return {_mm256_fmsub_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec root(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
  friend LANES_INLINE uint32_t at_least(Vec a, Vec b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ));
  }
  friend LANES_INLINE uint32_t at_most(Vec a, Vec b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ));
  }
  friend LANES_INLINE Vec keep(uint32_t mask, Vec a, Vec b) {
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(mask)), bit), bit);
    return {_mm256_blendv_ps(b.v, a.v, _mm256_castsi256_ps(set))};
  }
};

template <>
struct Vec<double> {
  using Real = double;
  static constexpr int width = 4;
  __m256d v;
  static LANES_INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static LANES_INLINE Vec broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static LANES_INLINE Vec zero() { return {_mm256_setzero_pd()}; }
  LANES_INLINE void store(double* p) const { _mm256_storeu_pd(p, v); }
  friend LANES_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fnma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fms(Vec a, Vec b, Vec c) { return {_mm256_fmsub_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec root(Vec a) { return {_mm256_sqrt_pd(a.v)}; }
  friend LANES_INLINE uint32_t at_least(Vec a, Vec b) {
    return _mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_GE_OQ));
  }
  friend LANES_INLINE uint32_t at_most(Vec a, Vec b) {
    return _mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_LE_OQ));
  }
  friend LANES_INLINE Vec keep(uint32_t mask, Vec a, Vec b) {
    const __m256i bit = _mm256_setr_epi64x(1, 2, 4, 8);
    const __m256i set = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(mask), bit), bit);
    return {_mm256_blendv_pd(b.v, a.v, _mm256_castsi256_pd(set))};
  }
};
}  // namespace lanes
#endif
