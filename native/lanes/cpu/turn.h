#ifndef JEPALAB_LANES_TURN_H
#define JEPALAB_LANES_TURN_H
#include <cstddef>

#include "cpu/vec.h"

#if defined(LANES_ISA_AVX512)
#include "cpu/turn-avx512.h"
#include "cpu/vec-quad.h"
#elif defined(LANES_ISA_AVX2)
#include "cpu/turn-avx2.h"
#include "cpu/vec-quad.h"
#else
namespace lanes {
template <class Real>
LANES_INLINE void turn_block(Vec<Real>, const Real* from, std::ptrdiff_t row, Real* to, std::ptrdiff_t out) {
  for (int r = 0; r < Vec<Real>::width; r++)
    for (int c = 0; c < Vec<Real>::width; c++) to[c * out + r] = from[r * row + c];
}
}  // namespace lanes
#endif

namespace lanes {
/*
 * to[c][r] = from[r][c] for columns `begin` to `end` of `rows` rows, whole blocks in registers. Rows are padded to whole
 * vectors; `begin` is a multiple of the vector's width.
 */
template <class V, class Real = typename V::Real>
LANES_INLINE void transpose(int rows, int begin, int end, const Real* from, std::ptrdiff_t row, Real* to, std::ptrdiff_t out) {
  constexpr int block = V::width;
  for (int c = begin; c < end; c += block) {
    int r = 0;
    if (c + block <= end)
      for (; r + block <= rows; r += block) turn_block(V(), from + r * row + c, row, to + c * out + r, out);
    for (; r < rows; r++)
      for (int i = c; i < (c + block < end ? c + block : end); i++) to[i * out + r] = from[r * row + i];
  }
}
}  // namespace lanes
#endif
