#ifndef JEPALAB_LANES_DIGITS_AVX512_H
#define JEPALAB_LANES_DIGITS_AVX512_H
#include "cpu/turn.h"

/* Cuts by vectors; included by digits.h. */
namespace lanes {
namespace digits {
/* The first n elements of a vector, zeros beyond; all of them where it is `Full`. */
template <bool Full>
LANES_INLINE __m512 first(const float* at, int n) {
  return Full || n >= side ? _mm512_loadu_ps(at) : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << std::max(n, 0)) - 1), at);
}

/* The larger magnitude, as bits. */
LANES_INLINE __m512i larger(__m512i most, __m512 x) {
  const __m512i bits = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
  return _mm512_maskz_max_epi32(0xffff, most, bits);
}

/* The scales that magnitudes ask for, and what a unit of the last digit is then worth. */
LANES_INLINE __m512 scale_of(__m512i largest, float* worth) {
  constexpr __mmask16 all = 0xffff;
  const __m512i above = _mm512_maskz_srli_epi32(all, _mm512_add_epi32(largest, _mm512_set1_epi32(0x10200)), 23);
  const __m512i exponent = _mm512_maskz_max_epi32(all, above, _mm512_set1_epi32(22));
  const __m512 scale = _mm512_castsi512_ps(_mm512_maskz_slli_epi32(all, _mm512_sub_epi32(_mm512_set1_epi32(276), exponent), 23));
  const __mmask16 wild = _mm512_cmpgt_epi32_mask(largest, _mm512_set1_epi32(0x7f7fffff));
  const __m512 unit = _mm512_div_ps(_mm512_set1_ps(1), scale);
  _mm512_storeu_ps(worth, _mm512_mask_blend_ps(wild, unit, _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000))));
  return scale;
}

/* The digits of each element in bytes 2, 1 and 0, 128 above what they are. */
LANES_INLINE __m512i shifted(__m512 x, __m512 scale) {
  return _mm512_add_epi32(_mm512_maskz_cvtps_epi32(0xffff, _mm512_mul_ps(scale, x)), _mm512_set1_epi32(0x808080));
}

LANES_INLINE void put(int8_t* at, __m512i bytes) {
  _mm512_storeu_si512(at, _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(0x80))));
}

template <bool Full>
void cut_rows(const float* at, std::ptrdiff_t row, int rows, int k, Strip& to) {
  const __m512i gather = _mm512_maskz_broadcast_i32x4(0xffff, _mm_setr_epi8(2, 6, 10, 14, 1, 5, 9, 13, 0, 4, 8, 12, 3, 7, 11, 15));
  const int blocks = blocks_of(k);
  alignas(64) int32_t largest[side] = {};
  for (int i = 0; i < rows; i++) {
    __m512i most = _mm512_setzero_si512();
    for (int p = 0; p < k; p += side) most = larger(most, first<Full>(at + i * row + p, k - p));
    largest[i] = _mm512_reduce_max_epi32(most);
  }
  alignas(64) float scales[side];
  _mm512_store_ps(scales, scale_of(_mm512_load_si512(largest), to.worth));
  for (int i = 0; i < side; i++) {
    const float* x = at + i * row;
    const __m512 scale = _mm512_set1_ps(scales[i]);
    int8_t* bytes = to.bytes + i * links;
    for (int block = 0; block < blocks; block++, x += links, bytes += parts * tile) {
      __m512i v[4];
      const int left = i < rows ? k - block * links : 0;
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) v[q] = _mm512_shuffle_epi8(shifted(first<Full>(x + side * q, left - side * q), scale), gather);
      constexpr __mmask16 all = 0xffff;
      constexpr __mmask8 pairs = 0xff;
      const __m512i a = _mm512_maskz_unpacklo_epi32(all, v[0], v[1]), b = _mm512_maskz_unpacklo_epi32(all, v[2], v[3]);
      const __m512i c = _mm512_maskz_unpackhi_epi32(all, v[0], v[1]), d = _mm512_maskz_unpackhi_epi32(all, v[2], v[3]);
      put(bytes, _mm512_maskz_unpacklo_epi64(pairs, a, b));
      put(bytes + tile, _mm512_maskz_unpackhi_epi64(pairs, a, b));
      put(bytes + 2 * tile, _mm512_maskz_unpacklo_epi64(pairs, c, d));
    }
  }
}

template <bool Full>
void cut_columns(const float* at, std::ptrdiff_t row, int k, int columns, Strip& to) {
  __m512i most = _mm512_setzero_si512();
  for (int p = 0; p < k; p++) most = larger(most, first<Full>(at + p * row, columns));
  const __m512 scale = scale_of(most, to.worth);
  // Bytes of a picked by the mask, else of b.
  const auto pick = [](int mask, __m512i a, __m512i b) { return _mm512_ternarylogic_epi32(_mm512_set1_epi32(mask), a, b, 0xca); };
  // Byte `digit` of v[0] … v[3] side by side.
  const auto gather = [&](const __m512i(&v)[4], int digit) {
    const auto moved = [&](int t) {
      const int by = 8 * (t - digit);
      if (by > 0) return _mm512_maskz_slli_epi32(0xffff, v[t], by);
      return by < 0 ? _mm512_maskz_srli_epi32(0xffff, v[t], -by) : v[t];
    };
    return pick(0xffff, pick(0xff, moved(0), moved(1)), pick(0xff0000, moved(2), moved(3)));
  };
  int8_t* bytes = to.bytes;
  for (int block = 0; block < blocks_of(k); block++, bytes += parts * tile)
    for (int r = 0; r < side; r++) {
      const int p = block * links + r % 4 * 16 + r / 4 * 4;
      __m512i v[4];
#pragma GCC unroll 4
      for (int t = 0; t < 4; t++) v[t] = shifted(first<Full>(at + (p + t) * row, p + t < k ? columns : 0), scale);
      put(bytes + r * links, gather(v, 2));
      put(bytes + tile + r * links, gather(v, 1));
      put(bytes + 2 * tile + r * links, gather(v, 0));
    }
}

/* Rows of the source, as a left operand's tiles have them. */
inline void cut_along(const float* at, std::ptrdiff_t row, int rows, int k, Strip& to) {
  (rows == side && k % links == 0 ? cut_rows<true> : cut_rows<false>)(at, row, rows, k, to);
}

/* Columns of the source, as a right operand's tiles have them. */
inline void cut_across(const float* at, std::ptrdiff_t row, int k, int columns, Strip& to) {
  (columns == side && k % links == 0 ? cut_columns<true> : cut_columns<false>)(at, row, k, columns, to);
}

/* From a left operand's tiles to a right one's, and back: each is 16 × 16 pieces of four bytes. */
inline void turn_tiles(int8_t* bytes, int tiles) {
  alignas(64) float turned[side * side];
  for (; tiles > 0; tiles--, bytes += tile) {
    turn_block(Vec<float>(), reinterpret_cast<const float*>(bytes), side, turned, side);
    std::memcpy(bytes, turned, tile);
  }
}

/* Whole numbers as floats, rounded to the nearest. */
template <class V>
LANES_INLINE V whole(const int32_t* from) {
  return {_mm512_maskz_cvtepi32_ps(0xffff, _mm512_loadu_si512(from))};
}
}  // namespace digits
}  // namespace lanes
#endif
