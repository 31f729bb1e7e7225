#include "probes/product.h"

#include <algorithm>
#include <new>
#include <vector>

#include "cpu/vec.h"
#include "lanes.h"

/*
 * Tiles of 4 × 2 vectors in registers, over slices of k that the first cache holds: A and B are packed as the tile reads them, B once
 * a slice, A once a slice and four rows. Partial sums go through `out` between slices, which changes no bit.
 */
namespace lanes {
namespace {

using V = Vec<double>;
constexpr int ROWS = 4, COLUMNS = 2 * V::width;
constexpr int64_t SLICE = 128;

/* to[l][s] = from[l · along + s · across] for the `count` of `size` strips that are there, and 0 for the others. */
template <int size>
void pack(const double* from, int64_t along, int64_t across, int64_t depth, int count, double* to) {
  for (int64_t l = 0; l < depth; l++, from += along, to += size) {
    for (int s = 0; s < size; s++) to[s] = s < count ? from[s * across] : 0;
  }
}

struct Tile {
  double at[ROWS][COLUMNS];
};

/* tile += A B for a slice. */
LANES_INLINE void add(const double* a, const double* b, int64_t depth, Tile& tile) {
  V sum[ROWS][2];
  for (int r = 0; r < ROWS; r++)
    for (int c = 0; c < 2; c++) sum[r][c] = V::load(tile.at[r] + c * V::width);
  for (int64_t l = 0; l < depth; l++, a += ROWS, b += COLUMNS) {
    const V left = V::load(b), right = V::load(b + V::width);
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++) {
      const V factor = held(V::broadcast(a[r]));
      sum[r][0] = sum[r][0] + factor * left;
      sum[r][1] = sum[r][1] + factor * right;
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int c = 0; c < 2; c++) sum[r][c].store(tile.at[r] + c * V::width);
}

void multiply(const lanes_product_call& p) {
  const int64_t panels = (p.n + COLUMNS - 1) / COLUMNS;
  const int64_t slice = std::min(SLICE, p.k);
  std::vector<double> packed_b(static_cast<size_t>(panels * COLUMNS * slice)), packed_a(ROWS * slice);
  for (int64_t first = 0; first < p.k; first += slice) {
    const int64_t depth = std::min(slice, p.k - first);
    for (int64_t j = 0; j < panels; j++) {
      const int count = static_cast<int>(std::min<int64_t>(COLUMNS, p.n - j * COLUMNS));
      pack<COLUMNS>(p.b + first * p.b_row + j * COLUMNS * p.b_col, p.b_row, p.b_col, depth, count,
                    packed_b.data() + j * COLUMNS * depth);
    }
    for (int64_t i = 0; i < p.m; i += ROWS) {
      const int rows = static_cast<int>(std::min<int64_t>(ROWS, p.m - i));
      pack<ROWS>(p.a + first * p.a_col + i * p.a_row, p.a_col, p.a_row, depth, rows, packed_a.data());
      const int64_t end = p.lower == 1 ? std::min(panels, (i + rows - 1) / COLUMNS + 1) : panels;
      for (int64_t j = 0; j < end; j++) {
        const int columns = static_cast<int>(std::min<int64_t>(COLUMNS, p.n - j * COLUMNS));
        double* const out = p.out + i * p.n + j * COLUMNS;
        Tile tile = {};
        for (int r = 0; first > 0 && r < rows; r++) std::copy_n(out + r * p.n, columns, tile.at[r]);
        add(packed_a.data(), packed_b.data() + j * COLUMNS * depth, depth, tile);
        for (int r = 0; r < rows; r++) std::copy_n(tile.at[r], columns, out + r * p.n);
      }
    }
  }
}

}  // namespace
}  // namespace lanes

int32_t lanes_product(const lanes_product_call* call) {
  if (call == nullptr) return LANES_BAD_POINTER;
  const lanes_product_call& p = *call;
  if (p.m < 0 || p.n < 0 || p.k < 0 || p.a_row < 0 || p.a_col < 0 || p.b_row < 0 || p.b_col < 0) return LANES_BAD_SHAPE;
  if (p.m == 0 || p.n == 0) return LANES_OK;
  if (p.out == nullptr || (p.k > 0 && (p.a == nullptr || p.b == nullptr))) return LANES_BAD_POINTER;
  if (p.k == 0) {
    std::fill_n(p.out, p.m * p.n, 0.0);
    return LANES_OK;
  }
  try {
    lanes::multiply(p);
  } catch (const std::bad_alloc&) {
    return LANES_NO_MEMORY;
  }
  return LANES_OK;
}
