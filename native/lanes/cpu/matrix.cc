#include "cpu/worker.h"

namespace lanes {
namespace {
/* Width 32 is two vectors a row: short tiles, which gain a tenth where the compiler knows the strides. */
template <int Kind>
std::unique_ptr<Worker> float_matrix(const lanes_batch& b, int threads) {
#if defined(LANES_ISA_AVX512)
  const bool square = b.width == b.features && b.momentum == nullptr;
  if (square && b.features == 32 && threads == 1) return worker_of<Vec<float>, false, 32, Kind>(b);
#endif
  return worker_of<Vec<float>, false, 0, Kind>(b, threads);
}
}  // namespace

std::unique_ptr<Worker> make_matrix(const lanes_batch& b, int threads) {
  switch (b.precision) {
    case LANES_COMPENSATED: return float_matrix<COMPENSATED>(b, threads);
    case LANES_FLOAT32: return float_matrix<PLAIN>(b, threads);
    default: return worker_of<Vec<double>, false, 0, PLAIN>(b, threads);
  }
}
}  // namespace lanes
