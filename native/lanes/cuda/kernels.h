#ifndef JEPALAB_LANES_CUDA_KERNELS_H
#define JEPALAB_LANES_CUDA_KERNELS_H
#include <cuda_runtime.h>

#include "cuda/device.h"

namespace lanes::card {

/* False, with a sentence in `trouble`, where CUDA says so. */
bool succeeded(cudaError_t error, const char* what);
/* Waits for the launch before. */
bool wait();

/* One translation unit each, for they take long to compile. */
bool launch_compensated(const Plan& plan, const Job<float>& job);
bool launch_float32(const Plan& plan, const Job<float>& job);
bool launch_float64(const Plan& plan, const Job<double>& job);

}  // namespace lanes::card
#endif
