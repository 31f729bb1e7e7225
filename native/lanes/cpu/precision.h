#ifndef JEPALAB_LANES_PRECISION_H
#define JEPALAB_LANES_PRECISION_H
#include "lanes.h"

namespace lanes {
/* Whether weights carry what their updates rounded off. */
inline bool carries(const lanes_batch& b) { return b.precision == LANES_COMPENSATED || b.precision == LANES_INT8X3; }
/* Whether products are taken in digits: runs one at a time, for a tile is larger than what lanes or braids have of a run. */
inline bool cuts(const lanes_batch& b) { return b.precision == LANES_INT8X3; }
}  // namespace lanes
#endif
