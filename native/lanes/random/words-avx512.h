#ifndef JEPALAB_LANES_WORDS_AVX512_H
#define JEPALAB_LANES_WORDS_AVX512_H

namespace lanes {
/* Full masks: g++ warns of what lies under the unmasked forms, which come to the same instructions. */
constexpr __mmask8 all8 = 0xff;
constexpr __mmask16 all16 = 0xffff;

template <class Real>
struct Words {
  __m512i v;
  static LANES_INLINE Words broadcast(uint64_t x) {
    if (sizeof(Real) == 8) return {_mm512_set1_epi64(static_cast<int64_t>(x))};
    return {_mm512_set1_epi32(static_cast<int32_t>(x))};
  }
  static LANES_INLINE Words load(const void* p) { return {_mm512_loadu_si512(p)}; }
  friend LANES_INLINE Words operator^(Words a, Words b) { return {_mm512_xor_si512(a.v, b.v)}; }
  friend LANES_INLINE Words operator&(Words a, Words b) { return {_mm512_and_si512(a.v, b.v)}; }
  friend LANES_INLINE Words operator|(Words a, Words b) { return {_mm512_or_si512(a.v, b.v)}; }
  friend LANES_INLINE Words operator+(Words a, Words b) {
    return {sizeof(Real) == 8 ? _mm512_add_epi64(a.v, b.v) : _mm512_add_epi32(a.v, b.v)};
  }
  friend LANES_INLINE Words operator-(Words a, Words b) {
    return {sizeof(Real) == 8 ? _mm512_sub_epi64(a.v, b.v) : _mm512_sub_epi32(a.v, b.v)};
  }
  friend LANES_INLINE Words xor3(Words a, Words b, Words c) {
    return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)};
  }
  template <int n>
  LANES_INLINE Words left() const {
    return {sizeof(Real) == 8 ? _mm512_maskz_slli_epi64(all8, v, n) : _mm512_maskz_slli_epi32(all16, v, n)};
  }
  template <int n>
  LANES_INLINE Words right() const {
    return {sizeof(Real) == 8 ? _mm512_maskz_srli_epi64(all8, v, n) : _mm512_maskz_srli_epi32(all16, v, n)};
  }
  template <int n>
  LANES_INLINE Words right_signed() const {
    static_assert(sizeof(Real) == 4, "32-bit lanes alone");
    return {_mm512_maskz_srai_epi32(all16, v, n)};
  }
};

LANES_INLINE Vec<double> bits_as(Words<double> w) { return {_mm512_castsi512_pd(w.v)}; }
LANES_INLINE Vec<float> bits_as(Words<float> w) { return {_mm512_castsi512_ps(w.v)}; }
LANES_INLINE Words<double> bits_of(Vec<double> a) { return {_mm512_castpd_si512(a.v)}; }
LANES_INLINE Words<float> bits_of(Vec<float> a) { return {_mm512_castps_si512(a.v)}; }
LANES_INLINE Vec<double> choose(Words<double> w, Vec<double> a, Vec<double> b) {
  return {_mm512_mask_blend_pd(_mm512_movepi64_mask(w.v), b.v, a.v)};
}
LANES_INLINE Vec<float> choose(Words<float> w, Vec<float> a, Vec<float> b) {
  return {_mm512_mask_blend_ps(_mm512_movepi32_mask(w.v), b.v, a.v)};
}
LANES_INLINE uint32_t equal(Words<float> a, Words<float> b) { return _mm512_cmpeq_epi32_mask(a.v, b.v); }
/* choose(w.left<n>(), a, b) without the shift. */
template <int n>
LANES_INLINE Vec<float> choose_left(Words<float> w, Vec<float> a, Vec<float> b) {
  return {_mm512_mask_blend_ps(_mm512_test_epi32_mask(w.v, _mm512_set1_epi32(int32_t{1} << (31 - n))), b.v, a.v)};
}
/* (w & top) ^ a in one operation. */
LANES_INLINE Vec<double> flip(Words<double> w, Vec<double> a) {
  const __m512i top = _mm512_set1_epi64(INT64_MIN);
  return {_mm512_castsi512_pd(_mm512_ternarylogic_epi64(w.v, top, _mm512_castpd_si512(a.v), 0x6a))};
}
LANES_INLINE Vec<float> flip(Words<float> w, Vec<float> a) {
  const __m512i top = _mm512_set1_epi32(INT32_MIN);
  return {_mm512_castsi512_ps(_mm512_ternarylogic_epi32(w.v, top, _mm512_castps_si512(a.v), 0x6a))};
}
LANES_INLINE Words<double> times(Words<double> a, Words<double> b) {
  return {_mm512_maskz_mul_epu32(all8, a.v, b.v)};
}
LANES_INLINE Words<float> pack(Words<double> even, Words<double> odd) {
  return {_mm512_mask_shuffle_epi32(even.v, 0xaaaa, odd.v, _MM_PERM_CCAA)};
}
LANES_INLINE Vec<float> number(Words<float> w) { return {_mm512_maskz_cvtepi32_ps(all16, w.v)}; }
LANES_INLINE Vec<double> divide(Vec<double> a, Vec<double> b) { return {_mm512_div_pd(a.v, b.v)}; }
LANES_INLINE Vec<double> single(Vec<double> a) {
  return {_mm512_maskz_cvtps_pd(all8, _mm512_maskz_cvtpd_ps(all8, a.v))};
}
}  // namespace lanes
#endif
