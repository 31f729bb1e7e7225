#ifndef JEPALAB_LANES_VEC_AVX512_H
#define JEPALAB_LANES_VEC_AVX512_H
#include <immintrin.h>
#include <cstdint>

namespace lanes {
constexpr const char* isa_name = "avx512";
constexpr int registers = 32;

template <class Real>
struct Vec;

template <>
struct Vec<float> {
  using Real = float;
  static constexpr int width = 16;
  __m512 v;
  static LANES_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static LANES_INLINE Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
  /* Four or eight floats over and over. */
  template <int Runs>
  static LANES_INLINE Vec repeat(const float* p) {
    static_assert(Runs == 4 || Runs == 8, "four or eight floats");
    if constexpr (Runs == 4) return {_mm512_maskz_broadcast_f32x4(0xffff, _mm_loadu_ps(p))};
    return {_mm512_maskz_broadcast_f32x8(0xffff, _mm256_loadu_ps(p))};
  }
  static LANES_INLINE Vec zero() { return {_mm512_setzero_ps()}; }
  LANES_INLINE void store(float* p) const { _mm512_storeu_ps(p, v); }
  friend LANES_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend LANES_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fms(Vec a, Vec b, Vec c) { return {_mm512_fmsub_ps(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec root(Vec a) { return {_mm512_maskz_sqrt_ps(0xffff, a.v)}; }
  friend LANES_INLINE uint32_t at_least(Vec a, Vec b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ); }
  friend LANES_INLINE uint32_t at_most(Vec a, Vec b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ); }
  friend LANES_INLINE Vec keep(uint32_t mask, Vec a, Vec b) {
    return {_mm512_mask_blend_ps(static_cast<__mmask16>(mask), b.v, a.v)};
  }
};

template <>
struct Vec<double> {
  using Real = double;
  static constexpr int width = 8;
  __m512d v;
  static LANES_INLINE Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static LANES_INLINE Vec broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static LANES_INLINE Vec zero() { return {_mm512_setzero_pd()}; }
  LANES_INLINE void store(double* p) const { _mm512_storeu_pd(p, v); }
  friend LANES_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_pd(a.v, b.v)}; }
  friend LANES_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec fms(Vec a, Vec b, Vec c) { return {_mm512_fmsub_pd(a.v, b.v, c.v)}; }
  friend LANES_INLINE Vec root(Vec a) { return {_mm512_maskz_sqrt_pd(0xff, a.v)}; }
  friend LANES_INLINE uint32_t at_least(Vec a, Vec b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_GE_OQ); }
  friend LANES_INLINE uint32_t at_most(Vec a, Vec b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LE_OQ); }
  friend LANES_INLINE Vec keep(uint32_t mask, Vec a, Vec b) {
    return {_mm512_mask_blend_pd(static_cast<__mmask8>(mask), b.v, a.v)};
  }
};
}  // namespace lanes
#endif
