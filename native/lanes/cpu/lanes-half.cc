#include "cpu/worker.h"

#if defined(LANES_ISA_AVX512)
#include "cpu/vec-half.h"

namespace lanes {
std::unique_ptr<Worker> make_half_lanes(const lanes_batch& b) {
  if (b.precision == LANES_COMPENSATED) return small_lanes_worker<Half, COMPENSATED>(b);
  return small_lanes_worker<Half, PLAIN>(b);
}
}  // namespace lanes
#else
namespace lanes {
/* `by_halves` is never true here. */
std::unique_ptr<Worker> make_half_lanes(const lanes_batch& b) { return make_compensated_lanes(b); }
}  // namespace lanes
#endif
