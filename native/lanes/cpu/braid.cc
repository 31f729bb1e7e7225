#include "cpu/worker.h"

namespace lanes {
#if defined(LANES_ISA_AVX512)
namespace {
using V = Vec<float>;

template <int Kind>
std::unique_ptr<Worker> braid(const lanes_batch& b) {
  if (braid_runs(b) == 8) return is_known(b, 4) ? worker_of<V, 8, 4, Kind>(b) : worker_of<V, 8, 0, Kind>(b);
  if (is_known(b, 8)) return worker_of<V, 4, 8, Kind>(b);
  if (is_known(b, 16)) return worker_of<V, 4, 16, Kind>(b);
  return worker_of<V, 4, 0, Kind>(b);
}
}  // namespace

std::unique_ptr<Worker> make_braid(const lanes_batch& b) {
  return b.precision == LANES_COMPENSATED ? braid<COMPENSATED>(b) : braid<PLAIN>(b);
}

int braid_runs(const lanes_batch& b) {
  const bool drawn = b.form == LANES_DIAGONAL && is_known(b, 16);
  if (b.precision == LANES_FLOAT64 || (b.mode == LANES_MOMENTS && !drawn)) return 1;
  return b.width <= 6 ? 8 : 4;
}
#else
std::unique_ptr<Worker> make_braid(const lanes_batch&) { return nullptr; }  // nobody asks: there are no runs of a braid
int braid_runs(const lanes_batch&) { return 1; }
#endif
}  // namespace lanes
