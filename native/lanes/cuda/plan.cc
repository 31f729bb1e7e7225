#include "cuda/plan.h"

#include <algorithm>

namespace lanes::card {
namespace {

/* Cuts one run's memory; `place` names what comes next. */
struct Cutter {
  int32_t square, used = 0;
  int32_t take(int matrices) {
    const int32_t at = used;
    used += matrices * square;
    return at;
  }
};

Layout lay_out(const lanes_batch& b, int side, bool slow_inside) {
  Layout l{};
  l.ld = side + 4;
  l.square = side * l.ld;
  l.slow_inside = slow_inside;
  Cutter fast{l.square}, slow{l.square};
  const bool full = b.form == LANES_FULL, moments = b.mode == LANES_MOMENTS, given = b.mode == LANES_GIVEN;
  l.weight = fast.take(b.depth + 1);
  l.below = fast.take(b.depth - 1);
  l.residual = fast.take(1);
  l.back = fast.take(2);
  l.mixed = moments || given ? fast.take(1) : -1;
  l.syx = full || given ? fast.take(1) : -1;
  l.batch = given ? fast.take(1) : -1;
  l.lower = moments ? fast.take(1) : -1;
  l.kick = moments ? fast.take(1) : -1;
  l.noise = moments && full ? fast.take(1) : -1;
  l.rows = fast.used;
  fast.used += 5 * l.ld;
  Cutter& other = slow_inside ? fast : slow;
  l.carry = b.precision == LANES_COMPENSATED ? other.take(b.depth + 1) : -1;
  l.velocity = b.momentum != nullptr ? other.take(b.depth + 1) : -1;
  l.reals = fast.used;
  l.slow_reals = slow.used;
  return l;
}

/* The word that a team shares lies behind its reals; teams of a block begin in different banks. */
std::size_t team_bytes(const Layout& l, std::size_t real) {
  return (l.reals * real + sizeof(int) + 127) / 128 * 128 + 64;
}

/* A multiprocessor has four schedulers; with fewer warps than that some of them have nothing to do. */
bool idles(std::size_t block_bytes, int threads, std::size_t shared_limit) {
  constexpr std::size_t reserved = 1024; /* of each block, for the system */
  return (shared_limit + reserved) / (block_bytes + reserved) * (threads / 32) < 4;
}

struct Size {
  Kernel kernel;
  int side, threads, runs_a_block;
};
constexpr Size sizes[] = {
    {TEAM_8, 8, 32, 8}, {TEAM_16, 16, 32, 2}, {TEAM_32, 32, 32, 1}, {TEAM_64, 64, 256, 1}};

}  // namespace

Plan make_plan(const lanes_batch& b, std::size_t shared_limit) {
  const bool is_double = b.precision == LANES_FLOAT64;
  const std::size_t real = is_double ? sizeof(double) : sizeof(float);
  const bool plain = b.mode == LANES_DESCENT && b.momentum == nullptr && b.width == b.features;
  if (plain && b.depth <= deepest_lone(b.features, is_double)) return {LONE, 32, 32, 0, Layout{}};
  for (const Size& size : sizes) {
    if (b.width > size.side) continue;
    for (bool slow_inside : {true, false}) {
      const Layout l = lay_out(b, size.side, slow_inside);
      const std::size_t bytes = team_bytes(l, real), block = bytes * size.runs_a_block;
      if (block > shared_limit ||
          (slow_inside && l.carry + l.velocity > -2 && idles(block, size.threads, shared_limit)))
        continue;
      return {size.kernel, size.threads, size.runs_a_block, bytes, l};
    }
  }
  const Layout l = lay_out(b, (b.width + 63) / 64 * 64, true);
  return {TEAM_ANY, 256, 1, 64, l};
}

}  // namespace lanes::card
