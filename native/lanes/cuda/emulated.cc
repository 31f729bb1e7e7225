#include <cstdlib>
#include <cstring>

#include "cuda/block.h"
#include "cuda/device.h"

/* The kernels on the host, thread for thread: for tests where there is no card. Slow. */
namespace lanes::card {

const char* device_name() {
  return "cuda-emulated";
}
bool open_device() {
  return true;
}
const char* trouble() {
  return "";
}
std::size_t shared_limit() {
  return 227 * 1024;
}
double launch_work() {
  return 2e5;
} /* short, so that tests see many launches */
void* allocate(std::size_t bytes) {
  return std::malloc(bytes > 0 ? bytes : 1);
}
void release(void* memory) {
  std::free(memory);
}
double device_peak(bool) {
  return 0;
}

bool copy_in(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return true;
}
bool copy_out(void* to, const void* from, std::size_t bytes) {
  return copy_in(to, from, bytes);
}

namespace {

template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside>
void launch_teams(const Plan& plan, const Job<Real>& job) {
  const int blocks = (job.runs + plan.runs_a_block - 1) / plan.runs_a_block;
  for (int block = 0; block < blocks; block++) {
    void* memory = std::aligned_alloc(128, (plan.block_bytes() + 127) / 128 * 128);
    std::memset(memory, 0xff, plan.block_bytes()); /* what a kernel forgets to set is NaN */
    run_block(plan.threads, T, [&](int thread) {
      train_in_team<Real, Kind, P, T, TM, TN, Inside>(job, static_cast<unsigned char*>(memory),
                                                      static_cast<int>(plan.team_bytes), plan.runs_a_block,
                                                      block, thread);
    });
    std::free(memory);
  }
}

template <class Real, int Kind, int P, int L>
void launch_lone(const Job<Real>& job) {
  if constexpr (L > 0) {
    if (job.features != P || job.depth != L) return launch_lone<Real, Kind, P, L - 1>(job);
    for (int run = 0; run < job.runs; run++) train_alone<Real, Kind, P, L>(job, run / 32, run % 32);
  }
}

template <class Real, int Kind>
void launch_kind(const Plan& plan, const Job<Real>& job) {
  constexpr bool is_double = sizeof(Real) == 8;
  switch (plan.kernel) {
    case LONE:
      if (job.features == 2) return launch_lone<Real, Kind, 2, deepest_lone(2, is_double)>(job);
      if (job.features == 3) return launch_lone<Real, Kind, 3, deepest_lone(3, is_double)>(job);
      return launch_lone<Real, Kind, 4, deepest_lone(4, is_double)>(job);
    case TEAM_8:
      return launch_teams<Real, Kind, 8, 4, 4, 4, true>(plan, job);
    case TEAM_16:
      return launch_teams<Real, Kind, 16, 16, 4, 4, true>(plan, job);
    case TEAM_32:
      return launch_teams<Real, Kind, 32, 32, 8, 4, true>(plan, job);
    case TEAM_64:
      return launch_teams<Real, Kind, 64, 256, 4, 4, true>(plan, job);
    case TEAM_ANY:
      return launch_teams<Real, Kind, 0, 256, 4, 4, false>(plan, job);
  }
}

}  // namespace

bool launch(const Plan& plan, const Job<float>& job) {
  if (job.compensated != 0)
    launch_kind<float, 1>(plan, job);
  else
    launch_kind<float, 0>(plan, job);
  return true;
}

bool launch(const Plan& plan, const Job<double>& job) {
  launch_kind<double, 0>(plan, job);
  return true;
}

}  // namespace lanes::card
