#ifndef JEPALAB_KERNELS_CONVOLUTION_VECTOR_H
#define JEPALAB_KERNELS_CONVOLUTION_VECTOR_H
#include "activation.h"
#include "cpu/vec.h"

/*
 * The vectors of convolutions: `Wide` as the instruction set has them, and `Narrow` ones for eight channels or fewer,
 * which would leave half of a wide one of AVX-512 empty.
 */
namespace kernels {
using Wide = lanes::Vec<float>;

#if defined(LANES_ISA_AVX512)
struct Narrow {
  static constexpr int width = 8;
  __m256 v;
  static LANES_INLINE Narrow load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static LANES_INLINE Narrow broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static LANES_INLINE Narrow zero() { return {_mm256_setzero_ps()}; }
  LANES_INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  friend LANES_INLINE Narrow operator+(Narrow a, Narrow b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend LANES_INLINE Narrow fma(Narrow a, Narrow b, Narrow c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
};
/* f(x) for a function of wide vectors. */
template <class F>
LANES_INLINE Narrow widely(Narrow x, F f) {
  return {_mm512_castps512_ps256(f(Wide{_mm512_zextps256_ps512(x.v)}).v)};
}
#else
using Narrow = Wide;
#endif
template <class F>
LANES_INLINE Wide widely(Wide x, F f) {
  return f(x);
}

/* Lanes `low` to `high` − 1 to p + their own number. */
template <class V>
LANES_INLINE void store_part(V x, float* p, int low, int high) {
  float all[V::width];
  x.store(all);
  for (int i = low; i < high; i++) p[i] = all[i];
}
#if defined(LANES_ISA_AVX512)
LANES_INLINE uint32_t lanes_between(int low, int high) { return ((1u << high) - 1) & ~((1u << low) - 1); }
LANES_INLINE void store_part(Wide x, float* p, int low, int high) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>(lanes_between(low, high)), x.v);
}
LANES_INLINE void store_part(Narrow x, float* p, int low, int high) {
  _mm256_mask_storeu_ps(p, static_cast<__mmask8>(lanes_between(low, high)), x.v);
}
#endif

/* Floats of a row of whole vectors, the last of which may be narrow. */
constexpr int whole(int lanes) { return (lanes + 7) / 8 * 8; }
}  // namespace kernels
#endif
