#ifndef JEPALAB_LANES_TURN_AVX512_H
#define JEPALAB_LANES_TURN_AVX512_H
#include "cpu/vec.h"

namespace lanes {
/* to[c][r] = from[r][c] for 16 × 16: pairs, quads, then quarters of a register change places. */
LANES_INLINE void turn_block(Vec<float>, const float* from, std::ptrdiff_t row, float* to, std::ptrdiff_t out) {
  __m512 a[16], b[16];
  for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_ps(from + i * row);
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  // a[4g + c]: column c of each quarter, rows 4g … 4g + 3.
  for (int g = 0; g < 16; g += 4)
    for (int h = 0; h < 2; h++) {
      const __m512d low = _mm512_castps_pd(b[g + h]), high = _mm512_castps_pd(b[g + 2 + h]);
      a[g + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      a[g + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  for (int c = 0; c < 4; c++) {
    const __m512 even_low = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88), odd_low = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
    const __m512 even_high = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88);
    const __m512 odd_high = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
    _mm512_storeu_ps(to + c * out, _mm512_shuffle_f32x4(even_low, even_high, 0x88));
    _mm512_storeu_ps(to + (4 + c) * out, _mm512_shuffle_f32x4(odd_low, odd_high, 0x88));
    _mm512_storeu_ps(to + (8 + c) * out, _mm512_shuffle_f32x4(even_low, even_high, 0xdd));
    _mm512_storeu_ps(to + (12 + c) * out, _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd));
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
}  // namespace lanes
#endif
