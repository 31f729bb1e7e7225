#include "cuda/launch.h"

namespace lanes::card {
bool launch_float64(const Plan& plan, const Job<double>& job) {
  return launch_kind<Card, double, 0>(plan, job);
}
}  // namespace lanes::card
