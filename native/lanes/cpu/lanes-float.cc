#include "cpu/worker.h"

namespace lanes {
std::unique_ptr<Worker> make_float_lanes(const lanes_batch& b) { return small_lanes_worker<Vec<float>, PLAIN>(b); }
}  // namespace lanes
