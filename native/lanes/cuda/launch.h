#ifndef JEPALAB_LANES_CUDA_LAUNCH_H
#define JEPALAB_LANES_CUDA_LAUNCH_H
#include "cuda/choice.h"
#include "cuda/kernels.h"

/*
 * The kernels as the card runs them. Compiled for sm_80 and sm_90 without a card (compile.mjs); not yet timed
 * on one. Registers and shared memory as ptxas counts them: README.md, "On a GPU".
 */
namespace lanes::card {
namespace {

constexpr int kLoneThreads = 32;

template <class Real, int Kind, int P, int L>
__global__ void __launch_bounds__(kLoneThreads, 1) lone_kernel(const __grid_constant__ Job<Real> job) {
  train_alone<Real, Kind, P, L>(job, static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x));
}

template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside, int Threads>
__global__ void __launch_bounds__(Threads, 1)
    team_kernel(const __grid_constant__ Job<Real> job, int team_bytes, int runs_a_block) {
  extern __shared__ __align__(128) unsigned char memory[];
  train_in_team<Real, Kind, P, T, TM, TN, Inside>(
      job, memory, team_bytes, runs_a_block, static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x));
}

struct Card {
  template <class Real, int Kind, int P, int L>
  static bool alone(const Job<Real>& job) {
    lone_kernel<Real, Kind, P, L><<<(job.runs + kLoneThreads - 1) / kLoneThreads, kLoneThreads>>>(job);
    return wait();
  }

  template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside, int Threads>
  static bool teams(const Plan& plan, const Job<Real>& job) {
    const auto kernel = team_kernel<Real, Kind, P, T, TM, TN, Inside, Threads>;
    const int bytes = static_cast<int>(plan.block_bytes());
    if (!succeeded(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
                   "shared memory"))
      return false;
    const int blocks = (job.runs + plan.runs_a_block - 1) / plan.runs_a_block;
    kernel<<<blocks, Threads, bytes>>>(job, static_cast<int>(plan.team_bytes), plan.runs_a_block);
    return wait();
  }
};

}  // namespace
}  // namespace lanes::card
#endif
