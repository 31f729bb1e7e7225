#ifndef JEPALAB_LANES_CUDA_LAUNCH_H
#define JEPALAB_LANES_CUDA_LAUNCH_H
#include "cuda/block.h"
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

template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside, int Threads>
bool launch_teams(const Plan& plan, const Job<Real>& job) {
  const auto kernel = team_kernel<Real, Kind, P, T, TM, TN, Inside, Threads>;
  const int bytes = static_cast<int>(plan.block_bytes());
  if (!succeeded(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
                 "shared memory"))
    return false;
  const int blocks = (job.runs + plan.runs_a_block - 1) / plan.runs_a_block;
  kernel<<<blocks, Threads, bytes>>>(job, static_cast<int>(plan.team_bytes), plan.runs_a_block);
  return wait();
}

template <class Real, int Kind, int P, int L>
bool launch_lone(const Job<Real>& job) {
  if constexpr (L > 0) {
    if (job.features != P || job.depth != L) return launch_lone<Real, Kind, P, L - 1>(job);
    lone_kernel<Real, Kind, P, L><<<(job.runs + kLoneThreads - 1) / kLoneThreads, kLoneThreads>>>(job);
    return wait();
  }
  return false;
}

template <class Real, int Kind>
bool launch_kind(const Plan& plan, const Job<Real>& job) {
  constexpr bool is_double = sizeof(Real) == 8;
  switch (plan.kernel) {
    case LONE:
      if (job.features == 2) return launch_lone<Real, Kind, 2, deepest_lone(2, is_double)>(job);
      if (job.features == 3) return launch_lone<Real, Kind, 3, deepest_lone(3, is_double)>(job);
      return launch_lone<Real, Kind, 4, deepest_lone(4, is_double)>(job);
    case TEAM_8:
      return launch_teams<Real, Kind, 8, 4, 4, 4, true, 32>(plan, job);
    case TEAM_16:
      return launch_teams<Real, Kind, 16, 16, 4, 4, true, 32>(plan, job);
    case TEAM_32:
      return launch_teams<Real, Kind, 32, 32, 8, 4, true, 32>(plan, job);
    case TEAM_64:
      return launch_teams<Real, Kind, 64, 256, 4, 4, true, 256>(plan, job);
    case TEAM_ANY:
      return launch_teams<Real, Kind, 0, 256, 4, 4, false, 256>(plan, job);
  }
  return false;
}

}  // namespace
}  // namespace lanes::card
#endif
