#ifndef JEPALAB_LANES_FLOW_SERIES_H
#define JEPALAB_LANES_FLOW_SERIES_H
#include <cstdint>
#include <cstring>

#include "cpu/series.h"

namespace lanes {
/* e^x by + and x alone: x = k ln 2 + r with |r| <= ln 2 / 2, where r^16 / 16! < 1e-21. 0 below -700; x <=
 * 700. */
inline double exponential(double x) {
  if (x < -700) return 0;
  const double k = static_cast<double>(static_cast<int>(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5)));
  const double r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  double sum = 1;
  for (int n = 15; n >= 1; n--) sum = 1 + sum * r / n;
  const uint64_t bits = static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof power);
  return sum * power;
}

/* x^y for a normal x > 0. */
inline double power(double x, double y) { return exponential(y * logarithm(x)); }
}  // namespace lanes
#endif
