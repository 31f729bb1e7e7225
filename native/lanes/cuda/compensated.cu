#include "cuda/launch.h"

namespace lanes::card {
bool launch_compensated(const Plan& plan, const Job<float>& job) {
  return launch_kind<Card, float, 1>(plan, job);
}
}  // namespace lanes::card
