#ifndef JEPALAB_LANES_WORDS_AVX2_H
#define JEPALAB_LANES_WORDS_AVX2_H

namespace lanes {
template <class Real>
struct Words {
  __m256i v;
  static LANES_INLINE Words broadcast(uint64_t x) {
    if (sizeof(Real) == 8) return {_mm256_set1_epi64x(static_cast<int64_t>(x))};
    return {_mm256_set1_epi32(static_cast<int32_t>(x))};
  }
  static LANES_INLINE Words load(const void* p) {
    return {_mm256_loadu_si256(static_cast<const __m256i*>(p))};
  }
  friend LANES_INLINE Words operator^(Words a, Words b) { return {_mm256_xor_si256(a.v, b.v)}; }
  friend LANES_INLINE Words operator&(Words a, Words b) { return {_mm256_and_si256(a.v, b.v)}; }
  friend LANES_INLINE Words operator|(Words a, Words b) { return {_mm256_or_si256(a.v, b.v)}; }
  friend LANES_INLINE Words operator+(Words a, Words b) {
    return {sizeof(Real) == 8 ? _mm256_add_epi64(a.v, b.v) : _mm256_add_epi32(a.v, b.v)};
  }
  friend LANES_INLINE Words operator-(Words a, Words b) {
    return {sizeof(Real) == 8 ? _mm256_sub_epi64(a.v, b.v) : _mm256_sub_epi32(a.v, b.v)};
  }
  friend LANES_INLINE Words xor3(Words a, Words b, Words c) { return a ^ b ^ c; }
  template <int n>
  LANES_INLINE Words left() const {
    return {sizeof(Real) == 8 ? _mm256_slli_epi64(v, n) : _mm256_slli_epi32(v, n)};
  }
  template <int n>
  LANES_INLINE Words right() const {
    return {sizeof(Real) == 8 ? _mm256_srli_epi64(v, n) : _mm256_srli_epi32(v, n)};
  }
  template <int n>
  LANES_INLINE Words right_signed() const {
    static_assert(sizeof(Real) == 4, "32-bit lanes alone");
    return {_mm256_srai_epi32(v, n)};
  }
};

LANES_INLINE Vec<double> bits_as(Words<double> w) { return {_mm256_castsi256_pd(w.v)}; }
LANES_INLINE Vec<float> bits_as(Words<float> w) { return {_mm256_castsi256_ps(w.v)}; }
LANES_INLINE Words<double> bits_of(Vec<double> a) { return {_mm256_castpd_si256(a.v)}; }
LANES_INLINE Words<float> bits_of(Vec<float> a) { return {_mm256_castps_si256(a.v)}; }
LANES_INLINE Vec<double> choose(Words<double> w, Vec<double> a, Vec<double> b) {
  return {_mm256_blendv_pd(b.v, a.v, _mm256_castsi256_pd(w.v))};
}
LANES_INLINE Vec<float> choose(Words<float> w, Vec<float> a, Vec<float> b) {
  return {_mm256_blendv_ps(b.v, a.v, _mm256_castsi256_ps(w.v))};
}
LANES_INLINE Vec<double> flip(Words<double> w, Vec<double> a) {
  return bits_as((w & Words<double>::broadcast(uint64_t{1} << 63)) ^ bits_of(a));
}
LANES_INLINE Vec<float> flip(Words<float> w, Vec<float> a) {
  return bits_as((w & Words<float>::broadcast(uint64_t{1} << 31)) ^ bits_of(a));
}
LANES_INLINE Words<double> times(Words<double> a, Words<double> b) { return {_mm256_mul_epu32(a.v, b.v)}; }
LANES_INLINE Words<float> pack(Words<double> even, Words<double> odd) {
  return {_mm256_blend_epi32(even.v, _mm256_slli_epi64(odd.v, 32), 0xaa)};
}
LANES_INLINE Vec<float> number(Words<float> w) { return {_mm256_cvtepi32_ps(w.v)}; }
LANES_INLINE Vec<double> divide(Vec<double> a, Vec<double> b) { return {_mm256_div_pd(a.v, b.v)}; }
LANES_INLINE Vec<double> single(Vec<double> a) { return {_mm256_cvtps_pd(_mm256_cvtpd_ps(a.v))}; }
template <int n>
LANES_INLINE Vec<float> choose_left(Words<float> w, Vec<float> a, Vec<float> b) {
  return choose(w.left<n>(), a, b);
}
}  // namespace lanes
#endif
