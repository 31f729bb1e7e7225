#ifndef JEPALAB_LANES_LANE_TILE_H
#define JEPALAB_LANES_LANE_TILE_H
#include "cpu/vec.h"

namespace lanes {
/*
 * TM × TN elements from (i0, j0) on of a product of runs side by side, b from its column j0: each one fma chain over rising k.
 * Measured: a plain loop with two turns written out; eight of them, operands loaded a turn ahead and a call for each turn are
 * slower by a tenth at d = 8.
 */
template <int TM, int TN, class V, class A, class B, class Start, class Out>
LANES_INLINE void lane_tile(int i0, int j0, int k, A a, B b, const Start& start, const Out& out) {
  using Real = typename V::Real;
  V acc[TM][TN];
#pragma GCC unroll 8
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) acc[i][j] = start(i0 + i, j0 + j);
  const Real* left = a.at + i0 * a.row();
  const Real* right = b.at;
#pragma GCC unroll 2
  for (int p = 0; p < k; p++, left += a.col(), right += b.row()) {
    V rows[TM];
#pragma GCC unroll 8
    for (int i = 0; i < TM; i++) rows[i] = held(V::load(left + i * a.row()));
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) {
      const V column = held(V::load(right + j * b.col()));
#pragma GCC unroll 8
      for (int i = 0; i < TM; i++) acc[i][j] = fma(rows[i], column, acc[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < TN; j++) {
    const auto column = out.column(j0 + j);
#pragma GCC unroll 8
    for (int i = 0; i < TM; i++) column(i0 + i, acc[i][j]);
  }
}
}  // namespace lanes
#endif
