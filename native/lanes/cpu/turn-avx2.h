#ifndef JEPALAB_LANES_TURN_AVX2_H
#define JEPALAB_LANES_TURN_AVX2_H
#include "cpu/vec.h"

namespace lanes {
/* to[c][r] = from[r][c] for 8 × 8: pairs, quads, then halves of a register change places. */
LANES_INLINE void turn_block(Vec<float>, const float* from, std::ptrdiff_t row, float* to, std::ptrdiff_t out) {
  __m256 a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = _mm256_loadu_ps(from + i * row);
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
  for (int g = 0; g < 8; g += 4)
    for (int h = 0; h < 2; h++) {
      a[g + 2 * h] = _mm256_shuffle_ps(b[g + h], b[g + 2 + h], 0x44);
      a[g + 2 * h + 1] = _mm256_shuffle_ps(b[g + h], b[g + 2 + h], 0xee);
    }
  for (int c = 0; c < 4; c++) {
    _mm256_storeu_ps(to + c * out, _mm256_permute2f128_ps(a[c], a[4 + c], 0x20));
    _mm256_storeu_ps(to + (4 + c) * out, _mm256_permute2f128_ps(a[c], a[4 + c], 0x31));
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
