#include "ahead.h"

namespace kernels {
Ahead& Ahead::here() {
  static thread_local Ahead own;
  return own;
}
}  // namespace kernels
