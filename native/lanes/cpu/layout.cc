#include "cpu/descent.h"
#include "cpu/precision.h"
#include "cpu/vec.h"

namespace lanes {
std::unique_ptr<Worker> make_worker(const lanes_batch& b, int layout) {
  if (b.mode == LANES_FLOW) return make_flow(b);
  if (cuts(b)) return make_matrix(b, layout == LANES_TEAM ? b.threads : 1);
  if (layout == LANES_BRAID && braid_runs(b) > 1) return make_braid(b);
  if (layout != LANES_LANES) return make_matrix(b, layout == LANES_TEAM ? b.threads : 1);
  if (b.precision == LANES_FLOAT64) return make_double_lanes(b);
  return b.precision == LANES_COMPENSATED ? make_compensated_lanes(b) : make_float_lanes(b);
}

int lanes_of(const lanes_batch& b, int layout) {
  if (b.mode == LANES_FLOW || cuts(b)) return 1;
  if (layout == LANES_BRAID) return braid_runs(b);
  if (layout != LANES_LANES) return 1;
  return b.precision == LANES_FLOAT64 ? Vec<double>::width : Vec<float>::width;
}

/*
 * A group of lanes costs the same however many of them are used, a run in the matrix layout fills its vectors only where d does.
 * A braid fills them with few runs, and its matrices stay in the first cache where those of lanes do not: at d = 16, and with carries at d = 8. A team fetches
 * what its other cores have written, which at width 64 takes longer than the other half of the work, so it is for large single runs.
 */
int fastest_layout(const lanes_batch& b) {
  const int d = b.features, w = b.width;
  const bool few = b.runs < b.threads;
  if (few && w >= 128) return LANES_TEAM;
  if (w >= 32 || cuts(b)) return LANES_MATRIX;
  if (braid_runs(b) > 1) {
    const bool filled = b.runs >= b.threads * Vec<float>::width;
    const bool overflows = is_known(b, 16) || (is_known(b, 8) && b.precision == LANES_COMPENSATED);
    if (filled && !overflows) return LANES_LANES;
    return b.runs > 4 || is_known(b, 8) ? LANES_BRAID : LANES_MATRIX;
  }
  const int least = d <= 4 ? 3 : d <= 8 ? 8 : d <= 12 ? 16 : 32;
  return b.runs >= least ? LANES_LANES : LANES_MATRIX;
}
}  // namespace lanes
