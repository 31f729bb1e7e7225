#ifndef JEPALAB_KERNELS_LAYER_PIECES_H
#define JEPALAB_KERNELS_LAYER_PIECES_H
/* The three products of a dense layer are shared in pieces: one run's, of up to 96 rows and one panel of columns. */
#include <algorithm>

#include "activation.h"
#include "crew.h"
#include "product.h"

namespace kernels {
/* The result's pieces: runs × panels × row pieces. A thread has the same runs or columns in all of a layer's products. */
struct Pieces {
  int64_t runs, rows, columns, piece;  // piece: rows of one
  int64_t row_pieces, panels;
  double cycles;

  bool is_by_rows;

  Pieces(int64_t runs, int64_t rows, int64_t columns, int64_t depth, bool is_by_rows = false)
      : runs(runs), rows(rows), columns(columns), is_by_rows(is_by_rows) {
    panels = (columns + panel_columns - 1) / panel_columns;
    const int64_t pieces = pieces_for(runs * panels, (rows + item_rows - 1) / item_rows);
    piece = std::max<int64_t>(2, (rows + pieces - 1) / pieces + 1) / 2 * 2;
    row_pieces = std::max<int64_t>(1, (rows + piece - 1) / piece);  // one without rows too: a bias has slopes without them
    cycles = static_cast<double>(runs) * rows * columns * (depth + 8) / (2 * W);
  }
  /* work(run, first row, rows, first column, columns) */
  template <class Work>
  void each(const Work& work) const {
    share(runs * row_pieces * panels, cycles, [&](int64_t item) {
      const int64_t of_run = item % (row_pieces * panels), run = item / (row_pieces * panels);
      const int64_t piece_at = is_by_rows ? of_run / panels : of_run % row_pieces;
      const int64_t panel = is_by_rows ? of_run % panels : of_run / row_pieces;
      const int64_t i = piece_at * piece, j = panel * panel_columns;
      work(run, i, static_cast<int>(std::min(piece, rows - i)), j, static_cast<int>(std::min<int64_t>(panel_columns, columns - j)));
    });
  }
};

/* The slopes of `rows` rows from dy [..][out], n columns of them, as rows `ld` apart. */
template <Activation kind>
const float* slopes(const float* y, const float* dy, std::ptrdiff_t out, int rows, int n, float* room, std::ptrdiff_t ld) {
  for (int i = 0; i < rows; i++) slope_row<kind>(y + i * out, dy + i * out, room + i * ld, n);
  return room;
}

/* The slopes of n rows as a panel. */
template <Activation kind>
Panel slope_panel(const float* y, const float* dy, std::ptrdiff_t out, int n, int columns, int vectors, float* room) {
  if constexpr (kind == Activation::linear) return lay_rows(dy, out, n, columns, vectors, room);
  const std::ptrdiff_t step = vectors * W;
  if (columns < step)
    for (int p = 0; p < n; p++) V::zero().store(room + p * step + (vectors - 1) * W);
  slopes<kind>(y, dy, out, n, columns, room, step);
  return {room, step};
}
}  // namespace kernels
#endif
