// The table of our operations, and the one function that the library exports.
#include "registry.h"

#include <string>

namespace {
std::string trouble;
}

/* Registers every operation with TensorFlow. @returns what went wrong, or NULL */
extern "C" __attribute__((visibility("default"))) const char* jepalab_register_kernels() {
  kernels::register_convolution(trouble);
  kernels::register_dense(trouble);
  kernels::register_dense_step(trouble);
  kernels::register_draw(trouble);
  kernels::register_elementwise(trouble);
  kernels::register_optimizer(trouble);
  kernels::register_runs(trouble);
  kernels::register_scene(trouble);
  return trouble.empty() ? nullptr : trouble.c_str();
}
