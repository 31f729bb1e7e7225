#include "cpu/worker.h"

namespace lanes {
std::unique_ptr<Worker> make_compensated_lanes(const lanes_batch& b) {
  return small_lanes_worker<Vec<float>, COMPENSATED>(b);
}
}  // namespace lanes
