#ifndef JEPALAB_LANES_PANEL_H
#define JEPALAB_LANES_PANEL_H
#include <algorithm>
#include <cstring>

#include "cpu/product.h"
#include "cpu/turn.h"

namespace lanes {
/*
 * f(part, right operand) for panels of columns of from', [k][columns], each turned into memory that stays in the second cache:
 * a whole turned matrix would be written to where it is far, and be read again. `from` is [columns][k].
 */
template <class Mat, class F>
__attribute__((noinline)) void turned_panels(const Part& part, int columns, int k, const Mat& from, F f) {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  constexpr int most = tile_columns(false), width = most * V::width;
  alignas(64) Real panel[LANES_MAX_WIDTH * width];
  for (int j = part.left; j < part.right; j += most) {
    const int first = j * V::width, count = std::min(width, columns - first);
    if (count % V::width != 0) std::memset(panel, 0, sizeof(Real) * k * width);  // beyond the last column
    transpose<V>(count, 0, k, from.vector(first, 0), from.ld() * V::width, panel, width);
    f(Part{part.top, part.bottom, j, std::min(part.right, j + most)}, Mat(panel, most).right().from(-j));
  }
}
}  // namespace lanes
#endif
