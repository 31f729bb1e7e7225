#ifndef JEPALAB_KERNELS_PRODUCT_H
#define JEPALAB_KERNELS_PRODUCT_H
/*
 * Products of matrices in float32: element (i, j) is one fma chain over rising k from +0, whatever the tiles, blocks,
 * threads or instruction set. The right operand is laid out in panels of whole vectors, `block_depth` rows at a time,
 * which stay in the first cache while all rows of the left one pass; between blocks a chain waits in the result.
 */
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ahead.h"
#include "cpu/turn.h"
#include "cpu/vec.h"

namespace kernels {
using V = lanes::Vec<float>;
constexpr int W = V::width;
constexpr bool is_wide = lanes::registers == 32;

constexpr int panel_vectors = is_wide ? 4 : 2;
constexpr int panel_columns = panel_vectors * W;
constexpr int block_depth = 128;

/* Rows of a tile of some vectors: the accumulators fill the registers, with room for the operands. */
constexpr int tile_rows(int vectors) {
  return is_wide ? (vectors == 4 ? 6 : vectors == 3 ? 8 : 12) : (vectors == 2 ? 6 : 10);
}

/* Rows that one item works on. */
constexpr int item_rows = 96;

/* Where a left operand's elements lie. Down: (i, k) is at[k·ld + i], else at[i·ld + k]. */
template <bool Down>
struct Left {
  const float* at;
  std::ptrdiff_t ld;
  LANES_INLINE Left from(std::ptrdiff_t row) const { return {Down ? at + row : at + row * ld, ld}; }
};

/* Rows of some vectors, `step` floats apart. */
struct Panel {
  const float* at;
  std::ptrdiff_t step;
};

/* acc[i][j] += Σ_k left(i, k) panel(k, j) for TM rows and TN vectors; beside(k) meanwhile. */
template <int TM, int TN, bool Down, class Beside>
LANES_INLINE void chains(Left<Down> left, Panel panel, int depth, V (&acc)[TM][TN], const Beside& beside) {
#pragma GCC unroll 2
  for (int p = 0; p < depth; p++) {
    beside(p);
    V columns[TN];
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) columns[j] = lanes::held(V::load(panel.at + p * panel.step + j * W));
    const float* a = Down ? left.at + p * left.ld : left.at + p;
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) {
      V row = V::broadcast(a[Down ? i : i * left.ld]);
      if (TN > 1) row = lanes::held(row);
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) acc[i][j] = fma(row, columns[j], acc[i][j]);
    }
  }
}

/* One block of depth of one panel, for one item's rows of the result. */
struct Block {
  int depth;
  bool is_first, is_last;  // chains begin here, else they go on from the result; they end here
  float* c;
  std::ptrdiff_t ld;
};

/* Nothing is done beside the products. */
struct Nothing {
  template <int TM, int TN>
  LANES_INLINE void at(int, int) const {}
  template <int TM, int TN>
  LANES_INLINE bool end(int, V (&)[TM][TN]) const { return false; }
};

/* Tiles of TM rows from row i on; `finish(row, rows)` for each when it is stored, beside.at<TM, TN>(row, k) while it is summed, .end(row, sums) then. */
template <int TM, int TN, bool Down, class Finish, class Beside>
LANES_INLINE void tiles(int& i, int rows, Left<Down> left, Panel panel, Block block, Ahead& ahead, const Finish& finish, const Beside& beside) {
#pragma GCC unroll 1
  for (; i + TM <= rows; i += TM) {
    V acc[TM][TN];
    float* c = block.c + i * block.ld;
    if (block.is_first) {
#pragma GCC unroll 16
      for (int r = 0; r < TM; r++)
#pragma GCC unroll 8
        for (int j = 0; j < TN; j++) acc[r][j] = V::zero();
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < TM; r++)
#pragma GCC unroll 8
        for (int j = 0; j < TN; j++) acc[r][j] = V::load(c + r * block.ld + j * W);
    }
    ahead.step();
    chains<TM, TN, Down>(left.from(i), panel, block.depth, acc, [&](int p) { beside.template at<TM, TN>(i, p); });
    if (block.is_last && beside.template end<TM, TN>(i, acc)) continue;
#pragma GCC unroll 16
    for (int r = 0; r < TM; r++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) acc[r][j].store(c + r * block.ld + j * W);
    finish(i, TM);
  }
  if constexpr (TM > 1) tiles<(TM > 8 ? 8 : TM > 4 ? 4 : TM / 2), TN, Down>(i, rows, left, panel, block, ahead, finish, beside);
}

template <int TN, bool Down, class Finish, class Beside>
void panel_rows(int rows, Left<Down> left, Panel panel, Block block, Ahead& ahead, const Finish& finish, const Beside& beside) {
  int i = 0;
  tiles<tile_rows(TN), TN, Down>(i, rows, left, panel, block, ahead, finish, beside);
}

/* Room for what one item works with; on the stack. */
struct alignas(64) Scratch {
  float panel[block_depth * panel_columns];
  float left[item_rows * block_depth];
  float result[item_rows * panel_columns];
};

/*
 * c [rows][columns] = left [rows][depth] · right [depth][columns] for one item: rows ≤ item_rows, columns ≤ panel_columns.
 *
 *   lay_left(k, n, room) → Left<Down>   the left operand's columns k … k + n − 1
 *   lay_panel(k, n, vectors, room) → Panel   the right operand's rows k … k + n − 1, zeros beyond the last column
 *   finish(at, ld, row, rows)           turns whole sums where they lie, `vectors` whole vectors a row; where c is NULL
 *                                       they go no further
 *   beside.at<TM, TN>(row, k)           is called while the tile of TM rows and TN vectors from `row` on is summed
 *   beside.end<TM, TN>(row, sums)       turns whole sums in registers; where it is true they go no further
 */
template <bool Down, class LayLeft, class LayPanel, class Finish, class Beside = Nothing>
void product(int rows, int columns, int64_t depth, float* c, std::ptrdiff_t ld, Scratch& room, const LayLeft& lay_left,
             const LayPanel& lay_panel, const Finish& finish, const Beside& beside = {}) {
  const int vectors = (columns + W - 1) / W;
  const bool is_whole = columns % W == 0 && c != nullptr;
  float* const at = is_whole ? c : room.result;
  const std::ptrdiff_t stride = is_whole ? ld : vectors * W;
  Ahead& ahead = Ahead::here();
  for (int64_t k = 0; k == 0 || k < depth; k += block_depth) {
    const int n = static_cast<int>(depth - k < block_depth ? depth - k : block_depth);
    const bool is_last = k + n >= depth;
    const Left<Down> left = lay_left(k, n, room.left);
    const Panel panel = lay_panel(k, n, vectors, room.panel);
    const Block block{n, k == 0, is_last, at, stride};
    const auto done = [&](int row, int count) {
      if (!is_last) return;
      finish(at + row * stride, stride, row, count, vectors);
    };
    if (vectors == 1) panel_rows<1>(rows, left, panel, block, ahead, done, beside);
    if (vectors == 2) panel_rows<2>(rows, left, panel, block, ahead, done, beside);
    if constexpr (is_wide) {
      if (vectors == 3) panel_rows<3>(rows, left, panel, block, ahead, done, beside);
      if (vectors == 4) panel_rows<4>(rows, left, panel, block, ahead, done, beside);
    }
  }
  if (is_whole || c == nullptr) return;
  for (int i = 0; i < rows; i++) std::memcpy(c + i * ld, at + i * stride, static_cast<size_t>(columns) * sizeof(float));
}

/* n rows of `columns` floats from `from` on, as a panel: where they lie, if they are whole vectors without gaps. */
LANES_INLINE Panel lay_rows(const float* from, std::ptrdiff_t ld, int n, int columns, int vectors, float* room) {
  const std::ptrdiff_t step = vectors * W;
  if (ld == step && columns == step) return {from, ld};
  const int whole = columns / W, rest = columns % W;
  for (int p = 0; p < n; p++) {
    const float* row = from + p * ld;
    float* to = room + p * step;
    if (whole == panel_vectors) {
#pragma GCC unroll 4
      for (int j = 0; j < panel_vectors; j++) V::load(row + j * W).store(to + j * W);
      continue;
    }
    for (int j = 0; j < whole; j++) V::load(row + j * W).store(to + j * W);
    if (rest == 0) continue;
    V::zero().store(to + whole * W);
    std::memcpy(to + whole * W, row + whole * W, static_cast<size_t>(rest) * sizeof(float));
  }
  return {room, step};
}

/* A panel of the transpose: row p of it is column p of `from`, of which there are `columns` rows. */
LANES_INLINE Panel lay_turned(const float* from, std::ptrdiff_t ld, int n, int columns, int vectors, float* room) {
  const std::ptrdiff_t step = vectors * W;
  if (columns < step)
    for (int p = 0; p < n; p++) V::zero().store(room + p * step + (vectors - 1) * W);
  // The blocks are read down the rows, which the hardware does not foresee; a small matrix is near, or comes whole.
  for (int i = 0; i < columns && columns * ld > 8192; i++)
    for (int p = 0; p < n; p += 16) __builtin_prefetch(from + i * ld + p);
  lanes::transpose<V>(columns, 0, n, from, ld, room, step);
  return {room, step};
}
}  // namespace kernels
#endif
