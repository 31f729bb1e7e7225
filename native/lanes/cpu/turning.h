#ifndef JEPALAB_LANES_TURNING_H
#define JEPALAB_LANES_TURNING_H
#include <cstddef>

#include "cpu/turn.h"

namespace lanes {
/* to[c][r] = from[r][c] by whole blocks, some of them after each tile of a product; both have room for rows and columns rounded up to them. */
template <class V>
class Turning {
 public:
  using Real = typename V::Real;

  /* Nothing to turn. */
  Turning() = default;

  /* `tiles` is how many the work is spread over. */
  Turning(int rows, int columns, const Real* from, std::ptrdiff_t row, Real* to, std::ptrdiff_t out, int tiles)
      : from_(from), to_(to), row_(row), out_(out), across_(blocks(columns)), left_(blocks(rows) * across_), share_((left_ + tiles - 1) / tiles) {}

  /* After a tile. */
  LANES_INLINE void go_on() {
    if (left_ > 0) turn(share_);
  }

  /* All that is left. */
  LANES_INLINE void finish() {
    if (left_ > 0) turn(left_);
  }

 private:
  static constexpr int blocks(int n) { return (n + V::width - 1) / V::width; }

  __attribute__((noinline)) void turn(int blocks) {
    for (; blocks > 0 && left_ > 0; blocks--, left_--) {
      turn_block(V(), from_ + at_ * V::width, row_, to_ + at_ * V::width * out_, out_);
      if (++at_ < across_) continue;
      at_ = 0;
      from_ += V::width * row_;
      to_ += V::width;
    }
  }

  const Real* from_ = nullptr;
  Real* to_ = nullptr;
  std::ptrdiff_t row_ = 0, out_ = 0;
  int across_ = 0, at_ = 0, left_ = 0, share_ = 0;  // blocks
};
}  // namespace lanes
#endif
