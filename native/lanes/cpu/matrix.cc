#include "cpu/worker.h"

namespace lanes {
namespace {
/* Short products gain where the compiler knows their strides: the waits between them are most of a small run's time. */
template <int Kind>
std::unique_ptr<Worker> float_matrix(const lanes_batch& b, int threads) {
#if defined(LANES_ISA_AVX512) || defined(LANES_ISA_AVX2)
  const bool alone = threads == 1;
  if (alone && is_known(b, 4) && b.mode == LANES_DESCENT) return worker_of<Quad, 1, 4, Kind>(b);
  if (alone && is_known(b, 16)) return worker_of<Vec<float>, 1, 16, Kind>(b);
  if (alone && is_known(b, 32)) return worker_of<Vec<float>, 1, 32, Kind>(b);
  if (alone && is_known(b, 64)) return worker_of<Vec<float>, 1, 64, Kind>(b);
#endif
  return worker_of<Vec<float>, 1, 0, Kind>(b, threads);
}
}  // namespace

std::unique_ptr<Worker> make_matrix(const lanes_batch& b, int threads) {
  switch (b.precision) {
    case LANES_COMPENSATED: return float_matrix<COMPENSATED>(b, threads);
    case LANES_INT8X3: return make_int8x3(b, threads);
    case LANES_FLOAT32: return float_matrix<PLAIN>(b, threads);
    default: return worker_of<Vec<double>, 1, 0, PLAIN>(b, threads);
  }
}
}  // namespace lanes
