#ifndef JEPALAB_LANES_CUDA_PLAN_H
#define JEPALAB_LANES_CUDA_PLAN_H
#include <cstddef>

#include "cuda/job.h"
#include "lanes.h"

namespace lanes::card {

/* Which kernel trains a batch, and the memory that a run takes. */
enum Kernel : int {
  LONE,    /* a thread a run, registers; square nets, descent without momentum */
  TEAM_8,  /* 4 threads a run, eight runs a block */
  TEAM_16, /* 16 threads a run, two runs a block */
  TEAM_32, /* a warp a run */
  TEAM_64, /* 256 threads a run */
  TEAM_ANY /* 256 threads a run, its matrices in the card's memory, which the L2 holds where there are few */
};

struct Plan {
  Kernel kernel;
  int threads, runs_a_block; /* of a block */
  std::size_t team_bytes;    /* shared memory of a run */
  Layout layout;
  std::size_t block_bytes() const { return team_bytes * runs_a_block; }
};

/* The deepest net that a thread holds in its registers without spilling; 0: none. */
constexpr int deepest_lone(int features, bool is_double) {
  if (features == 2) return is_double ? 4 : 6;
  if (features == 3) return is_double ? 2 : 4;
  return features == 4 ? (is_double ? 1 : 3) : 0;
}

/* shared_limit: bytes that a block may have. */
Plan make_plan(const lanes_batch& b, std::size_t shared_limit);

}  // namespace lanes::card
#endif
