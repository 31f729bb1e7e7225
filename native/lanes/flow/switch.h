#ifndef JEPALAB_LANES_FLOW_SWITCH_H
#define JEPALAB_LANES_FLOW_SWITCH_H
#include <cmath>

namespace lanes {
/*
 * What lies in lanes_batch.integrator between two steps. PAUSE takes three. STRIDE: the explicit method's
 * step where it was left. COUNT: how many steps have spoken for the other method. PATIENCE: how many must
 * before the explicit one is left; 0 for the first. SPARED: evaluations that the other has since spared.
 */
enum Slot {
  METHOD, SIZE, FLOOR, TAKEN, ERROR, PAUSE, STRIDE = 8, COUNT, PATIENCE, SPARED
};
enum Method { FRESH = 0, PATHS = 1, EXPLICIT = 2, STIFF = 3 };

/*
 * Which method a run that is on no paths takes next, by counts of the run's own work alone. The explicit one
 * is left once stability has bound its steps for a while; the other once it costs more for each unit of time
 * than that did. A run that comes back without having spared work waits twice as long before it goes again.
 */
class Switch {
 public:
  explicit Switch(double *state) : state_(state) {}

  /* After an explicit step. stiffness: step times curvature, which stability lets come to 6.
   * @returns whether to go */
  bool leaves_explicit(double taken, double stiffness) const {
    if (count(stiffness > bound, 2) < std::fmax(first_patience, state_[PATIENCE])) return false;
    state_[STRIDE] = taken;
    go(STIFF, first_stride * taken);
    return true;
  }

  /* After a stiff step that took `work` evaluations, where an explicit one takes `other`.
   * @returns whether to go back */
  bool leaves_stiff(double taken, double work, double other) const {
    const double spared = other * taken / state_[STRIDE] - work;
    state_[SPARED] += spared;
    const bool grows = state_[SIZE] > growing * taken; /* it may yet pay */
    if (count(spared < 0 && !grows, 1) < return_patience) return false;
    const double again = 2 * std::fmax(first_patience, state_[PATIENCE]);
    state_[PATIENCE] = state_[SPARED] > 0 ? first_patience : std::fmin(most_patience, again);
    go(EXPLICIT, state_[STRIDE]);
    return true;
  }

 private:
  static constexpr double bound = 4, first_stride = 10, growing = 1.5;
  static constexpr double first_patience = 10, most_patience = 1000, return_patience = 4;

  double count(bool speaks, double back) const {
    return state_[COUNT] = speaks ? state_[COUNT] + 1 : std::fmax(0, state_[COUNT] - back);
  }
  void go(Method to, double step) const {
    state_[METHOD] = to;
    state_[SIZE] = step;
    state_[COUNT] = state_[SPARED] = state_[TAKEN] = state_[ERROR] = 0;
  }

  double *state_;
};
}  // namespace lanes
#endif
