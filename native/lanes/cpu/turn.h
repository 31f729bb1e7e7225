#ifndef JEPALAB_LANES_TURN_H
#define JEPALAB_LANES_TURN_H
#include <cstddef>
#include <type_traits>

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
 * to[c][r] = from[r][c] for columns `begin` to `end` of `rows` rows, whole blocks in registers; an element is `Runs` reals.
 * Rows are padded to whole vectors; `begin` is a multiple of a vector's columns.
 */
template <class V, int Runs = 1, class Real = typename V::Real>
LANES_INLINE void transpose(int rows, int begin, int end, const Real* from, std::ptrdiff_t row, Real* to, std::ptrdiff_t out) {
  constexpr int block = V::width / Runs;
  for (int c = begin; c < end; c += block) {
    int r = 0;
    if (c + block <= end)
      for (; r + block <= rows; r += block) {
        const Real* const corner = from + r * row + c * Runs;
        Real* const opposite = to + c * out + r * Runs;
        if constexpr (Runs == 1) {
          turn_block(V(), corner, row, opposite, out);
        } else {
          turn_block(V(), std::integral_constant<int, Runs>(), corner, row, opposite, out);
        }
      }
    for (; r < rows; r++)
      for (int i = c; i < (c + block < end ? c + block : end); i++)
        for (int run = 0; run < Runs; run++) to[i * out + r * Runs + run] = from[r * row + i * Runs + run];
  }
}
}  // namespace lanes
#endif
