#include "cuda/launch.h"

namespace lanes::card {
bool launch_float32(const Plan& plan, const Job<float>& job) {
  return launch_kind<Card, float, 0>(plan, job);
}
}  // namespace lanes::card
