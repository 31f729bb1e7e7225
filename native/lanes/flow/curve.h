#ifndef JEPALAB_LANES_FLOW_CURVE_H
#define JEPALAB_LANES_FLOW_CURVE_H
#include <cmath>
#include <limits>

#include "cpu/series.h"

namespace lanes {
/* ln of one amplitude over one step, x from 0 to 1, known where it has been looked at. */
class Curve {
 public:
  void begin(double first, double last) {
    count_ = 2;
    point_[0] = {0, height(first)};
    point_[1] = {1, height(last)};
  }

  /* Looks at the extremum that lies inside: golden sections, 40 of them. @returns the amplitude there */
  template <class Amplitude>
  double extremum(bool largest, Amplitude amplitude) {
    constexpr double golden = 0.6180339887498949;
    double from = 0, to = 1, x = 1 - golden, y = golden, at_x = amplitude(x), at_y = amplitude(y);
    for (int round = 0; round < 40; round++) {
      if ((at_x > at_y) == largest) {
        to = y, y = x, at_y = at_x;
        at_x = amplitude(x = to - golden * (to - from));
      } else {
        from = x, x = y, at_x = at_y;
        at_y = amplitude(y = from + golden * (to - from));
      }
    }
    if (!(x > 0 && x < 1) || !std::isfinite(height(at_x))) return at_x;
    insert(1, {x, height(at_x)}, false);
    return at_x;
  }

  /*
   * The first x at which the amplitude has the level, which lies between two that were looked at; 1 where an
   * end has no logarithm. amplitude(x) looks at it. Inverse interpolation through up to five neighbours,
   * halving where that leaves the bracket; ends where ln(amplitude) agrees to 2e-14, which dates a passage as
   * well.
   */
  template <class Amplitude>
  double crossing(double level, Amplitude amplitude) {
    const double wanted = logarithm(level);
    if (!std::isfinite(point_[0].y) || !std::isfinite(point_[count_ - 1].y)) return 1;
    int right = 1;
    while (right < count_ - 1 && (point_[right].y < wanted) == (point_[0].y < wanted)) right++;
    double x = point_[right].x;
    for (int round = 0; round < 100; round++) {
      const Point a = point_[right - 1], b = point_[right];
      if (std::fabs(b.y - wanted) <= enough) return b.x;
      if (std::fabs(a.y - wanted) <= enough) return a.x;
      x = round < 20 ? guess(right, wanted) : a.x;
      if (!(x > a.x && x < b.x)) x = (a.x + b.x) / 2;
      if (!(x > a.x && x < b.x)) return b.x;
      const Point here = {x, height(amplitude(x))};
      if (!std::isfinite(here.y)) return x;
      right = insert(right, here, (here.y < wanted) == (a.y < wanted));
    }
    return x;
  }

 private:
  struct Point {
    double x, y;
  };
  static constexpr int most = 32;
  static constexpr double enough = 2e-14;

  static double height(double amplitude) {
    return amplitude >= std::numeric_limits<double>::min() ? logarithm(amplitude)
                                                           : -std::numeric_limits<double>::infinity();
  }

  /* Puts a point before point_[right]. @returns the right end of the bracket, whose left end it is where
   * `left` */
  int insert(int right, Point here, bool left) {
    if (count_ == most) { /* the oldest but the first, whose side tells what has been passed */
      const int gone = right > 2 ? 1 : count_ - 2;
      for (int i = gone; i < count_ - 1; i++) point_[i] = point_[i + 1];
      count_--;
      if (gone < right) right--;
    }
    for (int i = count_; i > right; i--) point_[i] = point_[i - 1];
    point_[right] = here;
    count_++;
    return left ? right + 1 : right;
  }

  /* x as a polynomial of y through the points around the bracket as far as these rise or fall. */
  double guess(int right, double wanted) const {
    int low = right - 1, high = right;
    const bool rises = point_[high].y > point_[low].y;
    while (high - low < 4) {
      const bool more_low =
          low > 0 && (point_[low].y > point_[low - 1].y) == rises && point_[low].y != point_[low - 1].y;
      const bool more_high = high < count_ - 1 && (point_[high + 1].y > point_[high].y) == rises &&
                             point_[high].y != point_[high + 1].y;
      if (!more_low && !more_high) break;
      if (more_low && (!more_high || wanted - point_[low].y < point_[high].y - wanted)) {
        low--;
      } else {
        high++;
      }
    }
    double sum = 0;
    for (int i = low; i <= high; i++) {
      double weight = 1;
      for (int j = low; j <= high; j++)
        if (j != i) weight *= (wanted - point_[j].y) / (point_[i].y - point_[j].y);
      sum += weight * point_[i].x;
    }
    return sum;
  }

  Point point_[most];
  int count_ = 0;
};
}  // namespace lanes
#endif
