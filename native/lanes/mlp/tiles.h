#ifndef JEPALAB_LANES_MLP_TILES_H
#define JEPALAB_LANES_MLP_TILES_H
#include "cpu/product.h"

namespace lanes {
/*
 * Products as in cpu/product.h, matrix layout, with work after each tile: `after(i, rows, j, vectors)` for what it wrote,
 * while that is still at hand. Each element is written once, so that `out` may update in place.
 */
template <int TN, int TM, class Start, class Out, class After>
LANES_INLINE void tile_rows_of(int& i, int m, View<float> a, View<float> b, int j, int k, Start start, Out out,
                               After after) {
  using V = Vec<float>;
  for (; i + TM <= m; i += TM) {
    const View<float> rows{a.at + i * a.row, a.row, a.col};
    tile<V, false, TM, TN>(
        rows, b, k, [&](int, int c) { return start(j + c); }, [&](int r, int c, V x) { out(i + r, j + c, x); });
    after(i, TM, j, TN);
  }
  if constexpr (TM > 1) tile_rows_of<TN, (TM > 4 ? 4 : TM / 2)>(i, m, a, b, j, k, start, out, after);
}

template <int TN, class Start, class Out, class After>
LANES_INLINE void tile_columns_of(int& j, int m, int n, int k, View<float> a, View<float> b, Start start, Out out,
                                  After after) {
  for (; j + TN <= n; j += TN) {
    int i = 0;
    tile_rows_of<TN, tile_rows(false, TN)>(i, m, a, {b.at + j * b.col, b.row, b.col}, j, k, start, out, after);
  }
  if constexpr (TN > 1) tile_columns_of<TN - 1>(j, m, n, k, a, b, start, out, after);
}

/* out(i, j, chain over k of a(i, k) b(k, j), begun at start(j)) for i < m and vector columns j < n. */
template <class Start, class Out, class After>
LANES_INLINE void tiles(int m, int n, int k, View<float> a, View<float> b, Start start, Out out, After after) {
  int j = 0;
  tile_columns_of<tile_columns(false)>(j, m, n, k, a, b, start, out, after);
}
}  // namespace lanes
#endif
