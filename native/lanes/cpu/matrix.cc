#include "cpu/worker.h"

namespace lanes {
std::unique_ptr<Worker> make_matrix(const lanes_batch& b, int threads) {
  switch (b.precision) {
    case LANES_COMPENSATED: return worker_of<Vec<float>, false, 0, COMPENSATED>(b, threads);
    case LANES_FLOAT32: return worker_of<Vec<float>, false, 0, PLAIN>(b, threads);
    default: return worker_of<Vec<double>, false, 0, PLAIN>(b, threads);
  }
}
}  // namespace lanes
