#include "cpu/worker.h"

namespace lanes {
std::unique_ptr<Worker> make_int8x3(const lanes_batch& b, int threads) {
  return worker_of<Vec<float>, 1, 0, INT8X3>(b, threads);
}
}  // namespace lanes
