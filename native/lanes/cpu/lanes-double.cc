#include "cpu/worker.h"

namespace lanes {
std::unique_ptr<Worker> make_double_lanes(const lanes_batch& b) { return lanes_worker<Vec<double>, PLAIN>(b); }
}  // namespace lanes
