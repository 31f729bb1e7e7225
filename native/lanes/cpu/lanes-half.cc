#include "cpu/worker.h"

#if defined(LANES_ISA_AVX512)
#include "cpu/vec-half.h"

namespace lanes {
namespace {
template <int Kind>
std::unique_ptr<Worker> half_lanes(const lanes_batch& b) {
  const bool square = b.width == b.features && b.momentum == nullptr;
  if (square && b.features == 4) return worker_of<Half, true, 4, Kind>(b);
  if (square && b.features == 8) return worker_of<Half, true, 8, Kind>(b);
  return lanes_worker<Half, Kind>(b);
}
}  // namespace

std::unique_ptr<Worker> make_half_lanes(const lanes_batch& b) {
  return b.precision == LANES_COMPENSATED ? half_lanes<COMPENSATED>(b) : half_lanes<PLAIN>(b);
}
}  // namespace lanes
#else
namespace lanes {
/* `by_halves` is never true here. */
std::unique_ptr<Worker> make_half_lanes(const lanes_batch& b) { return make_compensated_lanes(b); }
}  // namespace lanes
#endif
