#ifndef JEPALAB_LANES_TURN_AVX2_H
#define JEPALAB_LANES_TURN_AVX2_H
#include "cpu/vec.h"

namespace lanes {
/* to[c][r] = from[r][c] for 8 × 8: halves of rows are put in place as they are loaded. */
LANES_INLINE void turn_block(Vec<float>, const float* from, std::ptrdiff_t row, float* to, std::ptrdiff_t out) {
#pragma GCC unroll 2
  for (int q = 0; q < 2; q++) {
    __m256 r[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const float* p = from + i * row + 4 * q;
      r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * row), 1);
    }
    const __m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
    const __m256 c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
    float* first = to + 4 * q * out;
    _mm256_storeu_ps(first, _mm256_shuffle_ps(a, c, 0x44));
    _mm256_storeu_ps(first + out, _mm256_shuffle_ps(a, c, 0xee));
    _mm256_storeu_ps(first + 2 * out, _mm256_shuffle_ps(b, d, 0x44));
    _mm256_storeu_ps(first + 3 * out, _mm256_shuffle_ps(b, d, 0xee));
  }
}

/* 4 × 4. */
LANES_INLINE void turn_block(Vec<double>, const double* from, std::ptrdiff_t row, double* to, std::ptrdiff_t out) {
  __m256d a[4];
  for (int i = 0; i < 4; i++) a[i] = _mm256_loadu_pd(from + i * row);
  for (int h = 0; h < 2; h++) {
    const auto pairs = [&](int i) { return h == 0 ? _mm256_unpacklo_pd(a[i], a[i + 1]) : _mm256_unpackhi_pd(a[i], a[i + 1]); };
    const __m256d low = pairs(0), high = pairs(2);
    _mm256_storeu_pd(to + h * out, _mm256_permute2f128_pd(low, high, 0x20));
    _mm256_storeu_pd(to + (2 + h) * out, _mm256_permute2f128_pd(low, high, 0x31));
  }
}
}  // namespace lanes
#endif
