#include <cuda_runtime.h>

#include <cstdio>

#include "cuda/arithmetic.h"
#include "cuda/kernels.h"

/* The card through the CUDA runtime, all but the kernels themselves. */
namespace lanes::card {
namespace {

char* trouble_text() {
  static thread_local char text[256] = "";
  return text;
}

template <class Real>
__global__ void peak_kernel(Real* out, int rounds) {
  Real acc[8];
  const Real a = Real(0.999), b = Real(1e-3);
  for (int i = 0; i < 8; i++) acc[i] = Real(threadIdx.x + i);
  for (int r = 0; r < rounds; r++)
#pragma unroll
    for (int i = 0; i < 8; i++) acc[i] = fused(acc[i], a, b);
  Real sum = 0;
  for (int i = 0; i < 8; i++) sum += acc[i];
  if (sum == Real(-1)) *out = sum; /* never, but the compiler does not know */
}

template <class Real>
double measure_peak() {
  cudaDeviceProp card;
  if (cudaGetDeviceProperties(&card, 0) != cudaSuccess) return 0;
  const int blocks = card.multiProcessorCount * 8, threads = 256, rounds = 20000;
  cudaEvent_t from, to;
  if (cudaEventCreate(&from) != cudaSuccess || cudaEventCreate(&to) != cudaSuccess) return 0;
  float best = 0;
  for (int attempt = 0; attempt < 5; attempt++) {
    cudaEventRecord(from);
    peak_kernel<Real><<<blocks, threads>>>(nullptr, rounds);
    cudaEventRecord(to);
    float ms = 0;
    if (!wait() || cudaEventElapsedTime(&ms, from, to) != cudaSuccess) break;
    if (best == 0 || ms < best) best = ms;
  }
  cudaEventDestroy(from), cudaEventDestroy(to);
  return best > 0 ? 2.0 * 8 * rounds * blocks * threads / (best * 1e-3) : 0;
}

}  // namespace

bool succeeded(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return true;
  std::snprintf(trouble_text(), 256, "CUDA failed at %s: %s (error %d).", what, cudaGetErrorString(error),
                static_cast<int>(error));
  cudaGetLastError(); /* what is not sticky is over */
  return false;
}

bool wait() {
  return succeeded(cudaGetLastError(), "a launch") && succeeded(cudaDeviceSynchronize(), "a kernel");
}

const char* device_name() {
  return "cuda";
}
const char* trouble() {
  return trouble_text();
}
double launch_work() {
  return 4e11;
} /* some 10 to 20 ms of a card */
double device_peak(bool is_double) {
  return is_double ? measure_peak<double>() : measure_peak<float>();
}

bool open_device() {
  int cards = 0;
  const cudaError_t error = cudaGetDeviceCount(&cards);
  if (error == cudaErrorInsufficientDriver || error == cudaErrorNoDevice ||
      (error == cudaSuccess && cards == 0)) {
    std::snprintf(
        trouble_text(), 256,
        "CUDA finds no card here (%s); the kernels need an NVIDIA card of compute capability 8.0 or newer "
        "and driver 580 or newer.",
        cudaGetErrorString(error == cudaSuccess ? cudaErrorNoDevice : error));
    cudaGetLastError();
    return false;
  }
  int major = 0;
  return succeeded(error, "finding a card") && succeeded(cudaSetDevice(0), "opening card 0") &&
         succeeded(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), "asking the card") &&
         (major >= 8 || succeeded(cudaErrorNoKernelImageForDevice, "card 0, which is older than sm_80"));
}

std::size_t shared_limit() {
  int bytes = 0;
  if (cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0) != cudaSuccess)
    return 48 * 1024;
  return static_cast<std::size_t>(bytes);
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  if (succeeded(cudaMalloc(&memory, bytes), "taking memory")) return memory;
  return nullptr;
}
void release(void* memory) {
  cudaFree(memory);
}
bool copy_in(void* to, const void* from, std::size_t bytes) {
  return succeeded(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "copying to the card");
}
bool copy_out(void* to, const void* from, std::size_t bytes) {
  return succeeded(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "copying from the card");
}

bool launch(const Plan& plan, const Job<float>& job) {
  return job.compensated != 0 ? launch_compensated(plan, job) : launch_float32(plan, job);
}
bool launch(const Plan& plan, const Job<double>& job) {
  return launch_float64(plan, job);
}

}  // namespace lanes::card
