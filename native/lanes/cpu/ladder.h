#ifndef JEPALAB_LANES_LADDER_H
#define JEPALAB_LANES_LADDER_H
#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/series.h"
#include "lanes.h"

namespace lanes {
/* Amplitudes past these square to more than their type holds. */
template <class Real>
constexpr Real largest_amplitude() {
  return sizeof(Real) == 8 ? static_cast<Real>(1e150) : std::numeric_limits<Real>::max();
}

/* The ladder as one run's amplitude climbs it. */
class Climb {
 public:
  Climb(const lanes_batch& b, int run) : b_(b), run_(run) {}

  /* The rungs around the first amplitude that is seen. */
  void begin(int feature, double amplitude) const {
    const double* end = b_.ladder + b_.rungs;
    above(feature) = static_cast<int32_t>(std::upper_bound(b_.ladder, end, amplitude) - b_.ladder);
    below(feature) = static_cast<int32_t>(std::lower_bound(b_.ladder, end, amplitude) - b_.ladder) - 1;
  }

  /* Notes the rungs that lie between the last look and `now`. @returns false where there is no room for them all */
  bool pass(int feature, double was, double from, double now, double to) const {
    int32_t &up = above(feature), &down = below(feature);
    for (; up < b_.rungs && now >= b_.ladder[up]; up++)
      if (!note(feature, up, was, from, now, to)) return false;
    for (; down >= 0 && now <= b_.ladder[down]; down--)
      if (!note(feature, down, was, from, now, to)) return false;
    return true;
  }

  /* The least Real that has passed the rung above, and the largest that has passed the one below. */
  template <class Real>
  Real up(int feature) const {
    const int32_t k = above(feature);
    if (k >= b_.rungs) return std::numeric_limits<Real>::infinity();
    const Real near = static_cast<Real>(b_.ladder[k]);
    return near < b_.ladder[k] ? std::nextafter(near, std::numeric_limits<Real>::infinity()) : near;
  }
  template <class Real>
  Real down(int feature) const {
    const int32_t k = below(feature);
    if (k < 0) return -1;
    const Real near = static_cast<Real>(b_.ladder[k]);
    return near > b_.ladder[k] ? std::nextafter(near, static_cast<Real>(0)) : near;
  }

 private:
  int32_t& above(int feature) const { return b_.above[static_cast<std::ptrdiff_t>(run_) * b_.features + feature]; }
  int32_t& below(int feature) const { return b_.below[static_cast<std::ptrdiff_t>(run_) * b_.features + feature]; }

  bool note(int feature, int32_t rung, double was, double from, double now, double to) const {
    int32_t& count = b_.passages[run_];
    if (count >= b_.capacity) return false;
    const double fraction = crossing(was, now, b_.ladder[rung]);
    b_.passage[static_cast<std::ptrdiff_t>(run_) * b_.capacity + count] = {feature, rung, from, to, fraction};
    count++;
    return true;
  }

  /* Where ln(amplitude), a straight line, has the level. From or to what has no logarithm, the look dates it. */
  static double crossing(double was, double now, double level) {
    constexpr double least = std::numeric_limits<double>::min();
    if (!(was >= least) || !(now >= least)) return 1;
    const double from = logarithm(was), rise = logarithm(now) - from;
    if (rise == 0) return 1;
    return std::min(1.0, std::max(0.0, (logarithm(level) - from) / rise));
  }

  const lanes_batch& b_;
  const int run_;
};
}  // namespace lanes
#endif
