#ifndef JEPALAB_LANES_FLOW_STEPPER_H
#define JEPALAB_LANES_FLOW_STEPPER_H
#include <cstdint>

#include "flow/gradient.h"

namespace lanes {
/* A one-step method for theta' = F(theta) whose step can be looked into. What it knows follows from theta
 * alone. */
class Stepper {
 public:
  virtual ~Stepper() = default;
  /* Stands at theta, whose velocity it is given; both are read until the next call of `stand`. */
  virtual void stand(const double *theta, const double *velocity) = 0;
  /* Tries a step. @returns its error in units of the tolerance, infinite where not a number */
  virtual double attempt(double h) = 0;
  /* The solution at the end of the step tried last. */
  virtual const double *end() const = 0;
  /* F there, where the step came by it, else NULL. */
  virtual const double *end_velocity() const { return nullptr; }
  /* theta at the fraction x of that step, 0 < x < 1. */
  virtual void inside(double x, double *theta) = 0;
  /* No step from here should be longer. */
  virtual double longest() const = 0;
  /* The step's error goes with this power of h. */
  virtual int order() const = 0;

  /* Whether the call is to end at once: looked at after every evaluation of `attempt`, which then comes to
   * nothing. */
  bool cancelled() const { return cancel != nullptr && *cancel != 0; }

  int64_t evaluations = 0; /* spent since it was last set */
  double algebra = 0;      /* and other work, in evaluations that take as long */
  const volatile int32_t *cancel = nullptr;
};
}  // namespace lanes
#endif
