#include <cstdlib>
#include <cstring>

#include "cuda/choice.h"
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

struct Emulation {
  template <class Real, int Kind, int P, int L>
  static bool alone(const Job<Real>& job) {
    for (int run = 0; run < job.runs; run++) train_alone<Real, Kind, P, L>(job, run / 32, run % 32);
    return true;
  }

  template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside, int>
  static bool teams(const Plan& plan, const Job<Real>& job) {
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
    return true;
  }
};

}  // namespace

bool launch(const Plan& plan, const Job<float>& job) {
  return job.compensated != 0 ? launch_kind<Emulation, float, 1>(plan, job) : launch_kind<Emulation, float, 0>(plan, job);
}

bool launch(const Plan& plan, const Job<double>& job) {
  return launch_kind<Emulation, double, 0>(plan, job);
}

}  // namespace lanes::card
