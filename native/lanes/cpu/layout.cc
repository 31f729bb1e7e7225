#include "cpu/descent.h"
#include "cpu/vec.h"

namespace lanes {
std::unique_ptr<Worker> make_worker(const lanes_batch& b, int layout) {
  if (b.mode == LANES_FLOW) return make_flow(b);
  if (layout != LANES_LANES) return make_matrix(b, layout == LANES_TEAM ? b.threads : 1);
  if (b.precision == LANES_FLOAT64) return make_double_lanes(b);
  if (by_halves(b)) return make_half_lanes(b);
  return b.precision == LANES_COMPENSATED ? make_compensated_lanes(b) : make_float_lanes(b);
}

int lanes_of(const lanes_batch& b, int layout) {
  if (layout != LANES_LANES || b.mode == LANES_FLOW) return 1;
  if (by_halves(b)) return Vec<float>::width / 2;
  return b.precision == LANES_FLOAT64 ? Vec<double>::width : Vec<float>::width;
}

/* A step of a half costs three quarters of a whole one's at d = 4, and the processor runs faster under it. */
bool by_halves(const lanes_batch& b) {
#if defined(LANES_ISA_AVX512)
  constexpr int whole = Vec<float>::width;
  if (b.precision == LANES_FLOAT64 || b.mode == LANES_MOMENTS) return false;
  return b.runs <= whole / 2 || (b.runs + whole - 1) / whole < b.threads;
#else
  return b.runs < 0;
#endif
}

/*
 * A group of lanes costs the same however many of them are used, a run in the matrix layout fills its vectors
 * only where d does. A team pays a barrier for each of 3 L products, so it is for large single runs.
 */
int fastest_layout(const lanes_batch& b) {
  const int d = b.features, w = b.width;
  const bool few = b.runs < b.threads;
  if (few && w >= 128) return LANES_TEAM;
  if (w >= 32) return LANES_MATRIX;
  const int least = d <= 4 ? 3 : d <= 8 ? 8 : d <= 12 ? 16 : 32;
  return b.runs >= least ? LANES_LANES : LANES_MATRIX;
}
}  // namespace lanes
