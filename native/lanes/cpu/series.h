#ifndef JEPALAB_LANES_SERIES_H
#define JEPALAB_LANES_SERIES_H
#include <cstdint>
#include <cstring>

namespace lanes {
/*
 * ln u for a positive normal double, by + and × alone so that no library's last bit shows:
 * u = m 2^e with m in [√½, √2), ln m = 2 artanh((m − 1) / (m + 1)). The series of src/data/normal.ts.
 */
inline double logarithm(double u) {
  uint64_t bits;
  std::memcpy(&bits, &u, sizeof bits);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m;
  std::memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  const double s = (m - 1) / (m + 1), z = s * s;
  const double tail =
      1.0 / 13 + z * (1.0 / 15 + z * (1.0 / 17 + z * (1.0 / 19 + z * (1.0 / 21 + z * (1.0 / 23)))));
  const double sum = 1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * tail)))));
  return exponent * 0.6931471805599453 + 2 * s * sum;
}
}  // namespace lanes
#endif
