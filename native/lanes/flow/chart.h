#ifndef JEPALAB_LANES_FLOW_CHART_H
#define JEPALAB_LANES_FLOW_CHART_H
#include <cmath>
#include <limits>
#include <vector>

#include "flow/series.h"

namespace lanes {
/*
 * ln of all amplitudes over one step as polynomials through Chebyshev's points, so that many rungs are dated
 * by a few looks. One more look tells of each whether it holds.
 */
class Chart {
 public:
  static constexpr int points = 11, looks = points - 1; /* both ends are known */

  void use(int features) {
    features_ = features;
    height_.resize(static_cast<std::size_t>(points) * features);
    good_.resize(features);
    seen_.resize(features);
  }

  /* first, last: the amplitudes at 0 and 1. look(x, to) writes those at x. */
  template <class Look>
  void draw(const double *first, const double *last, Look look) {
    put(0, first);
    put(points - 1, last);
    for (int k = 1; k < points - 1; k++) {
      look(node[k], seen_.data());
      put(k, seen_.data());
    }
    look(control, seen_.data());
    for (int i = 0; i < features_; i++) {
      const double gap = height(i, control) - height_of(seen_[i]);
      good_[i] = std::fabs(gap) < enough;
    }
  }

  /* Whether what `amplitude` says of a feature is right. */
  bool holds(int feature) const { return good_[feature]; }
  double amplitude(int feature, double x) const { return exponential(height(feature, x)); }

 private:
  static constexpr double node[points] = {
      0.0, 0.024471741852423214, 0.09549150281252629, 0.20610737385376343, 0.3454915028125263,
      0.5, 0.6545084971874737,   0.7938926261462366,  0.9045084971874737,  0.9755282581475768,
      1.0};
  static constexpr double control = 0.42, enough = 2e-13;

  /* An amplitude of 0 has no logarithm: no number, which no bound holds. */
  static double height_of(double amplitude) {
    return amplitude >= std::numeric_limits<double>::min() ? logarithm(amplitude) : std::nan("");
  }
  void put(int k, const double *amplitudes) {
    for (int i = 0; i < features_; i++)
      height_[static_cast<std::size_t>(i) * points + k] = height_of(amplitudes[i]);
  }

  /* The barycentric form, whose weights at these points are 1 with changing signs and half of it at the ends.
   */
  double height(int feature, double x) const {
    const double *y = &height_[static_cast<std::size_t>(feature) * points];
    double above = 0, below = 0;
    for (int k = 0; k < points; k++) {
      const double way = x - node[k];
      if (way == 0) return y[k];
      const double weight = (k % 2 == 0 ? 1 : -1) * (k == 0 || k == points - 1 ? 0.5 : 1) / way;
      above += weight * (y[k] - y[0]);
      below += weight;
    }
    return y[0] + above / below;
  }

  int features_ = 0;
  std::vector<double> height_, seen_; /* [features][points], [features] */
  std::vector<char> good_;
};
}  // namespace lanes
#endif
