#ifndef JEPALAB_LANES_CUDA_THREADS_H
#define JEPALAB_LANES_CUDA_THREADS_H
#include "cuda/arithmetic.h"
#ifndef __CUDACC__
#include "cuda/emulate.h"
#endif

namespace lanes::card {

/* Waits until all T threads of a team are here; what they wrote before is then seen by all of them. */
template <int T>
LANES_CARD void sync_team([[maybe_unused]] int rank) {
#ifdef __CUDACC__
  if constexpr (T > 32) {
    __syncthreads();
  } else if constexpr (T > 1) {
    const unsigned lane = threadIdx.x & 31u;
    __syncwarp(T == 32 ? 0xffffffffu : ((1u << (T & 31)) - 1u) << (lane - rank));
  }
#else
  if constexpr (T > 1) wait_for_others();
#endif
}

}  // namespace lanes::card
#endif
