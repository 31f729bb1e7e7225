#ifndef JEPALAB_LANES_MLP_TURN_H
#define JEPALAB_LANES_MLP_TURN_H
#include "cpu/turn.h"

namespace lanes {
/* to[c][r] = from[r][c] by whole blocks; both have room for `rows` and `columns` rounded up to 16. */
inline void turn(const float* from, int ld, int rows, int columns, float* to, int ld_to) {
  using V = Vec<float>;
  for (int r = 0; r < rows; r += V::width)
    for (int c = 0; c < columns; c += V::width)
      turn_block(V(), from + static_cast<std::ptrdiff_t>(r) * ld + c, ld,
                 to + static_cast<std::ptrdiff_t>(c) * ld_to + r, ld_to);
}
}  // namespace lanes
#endif
