#ifndef JEPALAB_LANES_MLP_TURN_H
#define JEPALAB_LANES_MLP_TURN_H
#include <cstddef>

#include "cpu/vec.h"

namespace lanes {
#if defined(LANES_ISA_AVX512)
constexpr int turn_side = 16;

// The zeroing forms of the shuffles: g++ 12 warns of the plain ones' undefined register.

/* to[c][r] = from[r][c] for 16 × 16 floats: quarters of rows are put in place as they are loaded. */
LANES_INLINE void turn_block(const float* from, std::ptrdiff_t ld, float* to, std::ptrdiff_t ld_to) {
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++) {
    __m512 r[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const float* p = from + i * ld + 4 * q;
      __m512 x = _mm512_zextps128_ps512(_mm_loadu_ps(p));
      x = _mm512_insertf32x4(x, _mm_loadu_ps(p + 4 * ld), 1);
      x = _mm512_insertf32x4(x, _mm_loadu_ps(p + 8 * ld), 2);
      r[i] = _mm512_insertf32x4(x, _mm_loadu_ps(p + 12 * ld), 3);
    }
    const __m512 a = _mm512_maskz_unpacklo_ps(0xffff, r[0], r[1]),
                 b = _mm512_maskz_unpackhi_ps(0xffff, r[0], r[1]);
    const __m512 c = _mm512_maskz_unpacklo_ps(0xffff, r[2], r[3]),
                 d = _mm512_maskz_unpackhi_ps(0xffff, r[2], r[3]);
    float* out = to + 4 * q * ld_to;
    _mm512_storeu_ps(out, _mm512_maskz_shuffle_ps(0xffff, a, c, 0x44));
    _mm512_storeu_ps(out + ld_to, _mm512_maskz_shuffle_ps(0xffff, a, c, 0xee));
    _mm512_storeu_ps(out + 2 * ld_to, _mm512_maskz_shuffle_ps(0xffff, b, d, 0x44));
    _mm512_storeu_ps(out + 3 * ld_to, _mm512_maskz_shuffle_ps(0xffff, b, d, 0xee));
  }
}
#elif defined(LANES_ISA_AVX2)
constexpr int turn_side = 8;

LANES_INLINE void turn_block(const float* from, std::ptrdiff_t ld, float* to, std::ptrdiff_t ld_to) {
#pragma GCC unroll 2
  for (int q = 0; q < 2; q++) {
    __m256 r[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const float* p = from + i * ld + 4 * q;
      r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * ld), 1);
    }
    const __m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
    const __m256 c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
    float* out = to + 4 * q * ld_to;
    _mm256_storeu_ps(out, _mm256_shuffle_ps(a, c, 0x44));
    _mm256_storeu_ps(out + ld_to, _mm256_shuffle_ps(a, c, 0xee));
    _mm256_storeu_ps(out + 2 * ld_to, _mm256_shuffle_ps(b, d, 0x44));
    _mm256_storeu_ps(out + 3 * ld_to, _mm256_shuffle_ps(b, d, 0xee));
  }
}
#else
constexpr int turn_side = 4;

LANES_INLINE void turn_block(const float* from, std::ptrdiff_t ld, float* to, std::ptrdiff_t ld_to) {
  for (int r = 0; r < turn_side; r++)
    for (int c = 0; c < turn_side; c++) to[c * ld_to + r] = from[r * ld + c];
}
#endif

/* to[c][r] = from[r][c]; both have room for `rows` and `columns` rounded up to 16. */
inline void turn(const float* from, int ld, int rows, int columns, float* to, int ld_to) {
  for (int r = 0; r < rows; r += turn_side)
    for (int c = 0; c < columns; c += turn_side)
      turn_block(from + static_cast<std::ptrdiff_t>(r) * ld + c, ld,
                 to + static_cast<std::ptrdiff_t>(c) * ld_to + r, ld_to);
}
}  // namespace lanes
#endif
