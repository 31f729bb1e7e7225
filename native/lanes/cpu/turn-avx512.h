#ifndef JEPALAB_LANES_TURN_AVX512_H
#define JEPALAB_LANES_TURN_AVX512_H
#include <type_traits>

#include "cpu/vec.h"

namespace lanes {
// The zeroing forms of the shuffles: g++ 12 warns of the plain ones' undefined register.

/* to[c][r] = from[r][c] for 16 × 16 floats: quarters of rows are put in place as they are loaded. */
LANES_INLINE void turn_block(Vec<float>, const float* from, std::ptrdiff_t row, float* to, std::ptrdiff_t out) {
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++) {
    __m512 r[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const float* p = from + i * row + 4 * q;
      __m512 x = _mm512_zextps128_ps512(_mm_loadu_ps(p));
      x = _mm512_insertf32x4(x, _mm_loadu_ps(p + 4 * row), 1);
      x = _mm512_insertf32x4(x, _mm_loadu_ps(p + 8 * row), 2);
      r[i] = _mm512_insertf32x4(x, _mm_loadu_ps(p + 12 * row), 3);
    }
    const __m512 a = _mm512_maskz_unpacklo_ps(0xffff, r[0], r[1]),
                 b = _mm512_maskz_unpackhi_ps(0xffff, r[0], r[1]);
    const __m512 c = _mm512_maskz_unpacklo_ps(0xffff, r[2], r[3]),
                 d = _mm512_maskz_unpackhi_ps(0xffff, r[2], r[3]);
    float* first = to + 4 * q * out;
    _mm512_storeu_ps(first, _mm512_maskz_shuffle_ps(0xffff, a, c, 0x44));
    _mm512_storeu_ps(first + out, _mm512_maskz_shuffle_ps(0xffff, a, c, 0xee));
    _mm512_storeu_ps(first + 2 * out, _mm512_maskz_shuffle_ps(0xffff, b, d, 0x44));
    _mm512_storeu_ps(first + 3 * out, _mm512_maskz_shuffle_ps(0xffff, b, d, 0xee));
  }
}

/* 8 × 8. */
LANES_INLINE void turn_block(Vec<double>, const double* from, std::ptrdiff_t row, double* to, std::ptrdiff_t out) {
  __m512d a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = _mm512_loadu_pd(from + i * row);
  // b[i], b[i + 1]: even and odd columns of rows i and i + 1, a pair in each quarter.
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm512_unpacklo_pd(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_pd(a[i], a[i + 1]);
  }
  for (int h = 0; h < 2; h++) {
    const __m512d first_low = _mm512_shuffle_f64x2(b[h], b[2 + h], 0x88), second_low = _mm512_shuffle_f64x2(b[h], b[2 + h], 0xdd);
    const __m512d first_high = _mm512_shuffle_f64x2(b[4 + h], b[6 + h], 0x88);
    const __m512d second_high = _mm512_shuffle_f64x2(b[4 + h], b[6 + h], 0xdd);
    _mm512_storeu_pd(to + h * out, _mm512_shuffle_f64x2(first_low, first_high, 0x88));
    _mm512_storeu_pd(to + (2 + h) * out, _mm512_shuffle_f64x2(second_low, second_high, 0x88));
    _mm512_storeu_pd(to + (4 + h) * out, _mm512_shuffle_f64x2(first_low, first_high, 0xdd));
    _mm512_storeu_pd(to + (6 + h) * out, _mm512_shuffle_f64x2(second_low, second_high, 0xdd));
  }
}

/* Half s of out[h] is half h of in[s]. */
LANES_INLINE void turn_parts(const Vec<float> (&in)[2], Vec<float> (&out)[2]) {
  constexpr __mmask16 all = 0xffff;
  out[0].v = _mm512_maskz_shuffle_f32x4(all, in[0].v, in[1].v, 0x44), out[1].v = _mm512_maskz_shuffle_f32x4(all, in[0].v, in[1].v, 0xee);
}

/* A half, twice. */
LANES_INLINE Vec<float> repeat_half(Vec<float> x, int half) {
  constexpr __mmask16 all = 0xffff;
  return {half == 0 ? _mm512_maskz_shuffle_f32x4(all, x.v, x.v, 0x44) : _mm512_maskz_shuffle_f32x4(all, x.v, x.v, 0xee)};
}

/* Quarter s of out[q] is quarter q of in[s]. */
LANES_INLINE void turn_parts(const Vec<float> (&in)[4], Vec<float> (&out)[4]) {
  constexpr __mmask16 all = 0xffff;
  const __m512 a = _mm512_maskz_shuffle_f32x4(all, in[0].v, in[1].v, 0x44), b = _mm512_maskz_shuffle_f32x4(all, in[0].v, in[1].v, 0xee);
  const __m512 c = _mm512_maskz_shuffle_f32x4(all, in[2].v, in[3].v, 0x44), d = _mm512_maskz_shuffle_f32x4(all, in[2].v, in[3].v, 0xee);
  out[0].v = _mm512_maskz_shuffle_f32x4(all, a, c, 0x88), out[1].v = _mm512_maskz_shuffle_f32x4(all, a, c, 0xdd);
  out[2].v = _mm512_maskz_shuffle_f32x4(all, b, d, 0x88), out[3].v = _mm512_maskz_shuffle_f32x4(all, b, d, 0xdd);
}

/* The same of 4 × 4 elements of four floats, or 2 × 2 of eight. */
template <int Runs>
LANES_INLINE void turn_block(Vec<float>, std::integral_constant<int, Runs>, const float* from, std::ptrdiff_t row, float* to,
                             std::ptrdiff_t out) {
  static_assert(Runs == 4 || Runs == 8, "elements of four or eight floats");
  using V = Vec<float>;
  constexpr int parts = V::width / Runs;
  V block[parts], turned[parts];
#pragma GCC unroll 4
  for (int r = 0; r < parts; r++) block[r] = V::load(from + r * row);
  turn_parts(block, turned);
#pragma GCC unroll 4
  for (int r = 0; r < parts; r++) turned[r].store(to + r * out);
}
}  // namespace lanes
#endif
