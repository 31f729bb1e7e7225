#include "flow/flow.h"

#include <cmath>
#include <limits>
#include <vector>

#include "flow/dop853.h"
#include "flow/path-stepper.h"
#include "flow/paths.h"
#include "flow/radau.h"
#include "flow/record.h"
#include "flow/switch.h"

namespace lanes {
namespace {
constexpr double path_tolerance = 2e-10;
constexpr double explicit_tolerance = 1e-11;
constexpr double stiff_tolerance = 1e-10;
/* Residuals [o][d] past which factoring their systems would cost more than it spares. */
constexpr int most_residuals = 256;
constexpr double safety = 0.9, least_factor = 0.2, most_factor = 5;

std::unique_ptr<Field> make_field(const FlowData &shape) {
  if (shape.width == shape.features) {
    switch (shape.width) {
      case 2: return std::make_unique<Gradient<2>>();
      case 3: return std::make_unique<Gradient<3>>();
      case 4: return std::make_unique<Gradient<4>>();
      case 6: return std::make_unique<Gradient<6>>();
      case 8: return std::make_unique<Gradient<8>>();
      case 16: return std::make_unique<Gradient<16>>();
    }
  }
  return std::make_unique<Gradient<0>>();
}

FlowData data_of(const lanes_batch &b, int run) {
  const std::ptrdiff_t d = b.features;
  const bool full = b.form == LANES_FULL;
  return {b.objective,
          b.depth,
          b.features,
          b.width,
          b.objective == LANES_JEPA ? b.width : b.features,
          full,
          b.sxx + run * d,
          b.syx + run * (full ? d * d : d)};
}

/* Root mean square of the weights that are not zero, so that padding does not count; 1 where all are. */
double typical_size(const double *theta, std::ptrdiff_t size) {
  double square = 0;
  std::ptrdiff_t count = 0;
  for (std::ptrdiff_t i = 0; i < size; i++) {
    square += theta[i] * theta[i];
    count += theta[i] != 0;
  }
  return count > 0 ? std::sqrt(square / static_cast<double>(count)) : 1;
}
}  // namespace

struct FlowSpace::Parts {
  explicit Parts(const lanes_batch &b)
      : batch(b),
        data(data_of(b, 0)),
        size(data.size()),
        field(make_field(data)),
        record(b, data, field.get()),
        velocity(size),
        arriving(size) {
    paths.cancel = dop.cancel = radau.cancel = b.cancel;
  }

  void train(int run);
  void begin(double *theta, double *state);
  void choose(const double *theta, double *state);
  bool step(double *theta, double *state);
  bool commit(double *theta, double *state, double until, double next, double error);
  double predicted(const double *state, double h, double error) const;
  bool changes(double *state, double taken, double work) const;
  bool cancelled() const { return batch.cancel != nullptr && *batch.cancel != 0; }

  const lanes_batch &batch;
  FlowData data;
  const std::ptrdiff_t size;
  std::unique_ptr<Field> field;
  FlowRecord record;
  PathStepper paths;
  Dop853 dop;
  Radau<7> radau;
  Stepper *stepper = nullptr;
  std::vector<double> velocity, arriving;
  int run = 0;
};

void FlowSpace::Parts::begin(double *theta, double *state) {
  data = data_of(batch, run);
  field->use(data);
  if (state[METHOD] != FRESH) {
    record.resume(run);
  } else {
    if (!record.begin(run, theta)) {
      batch.status[run] = LANES_LOST;
      return;
    }
    state[FLOOR] = typical_size(theta, size);
    batch.evaluations[run]++;
  }
  field->velocity(theta, velocity.data());
  record.lean(theta, velocity.data());
  const bool fresh = state[METHOD] == FRESH;
  choose(theta, state);
  if (!fresh) stepper->evaluations = 0, stepper->algebra = 0; /* where a call begins is not counted */
  if (fresh) {
    double largest = state[FLOOR], speed = 0;
    for (std::ptrdiff_t i = 0; i < size; i++) {
      largest = std::fmax(largest, std::fabs(theta[i]));
      speed = std::fmax(speed, std::fabs(velocity[i]));
    }
    state[SIZE] = speed > 0 ? 0.01 * largest / speed : std::numeric_limits<double>::max();
  }
}

/* The method for the weights of now. */
void FlowSpace::Parts::choose(const double *theta, double *state) {
  if (state[METHOD] != EXPLICIT && state[METHOD] != STIFF) {
    auto found = find_paths(data, theta);
    state[METHOD] = found.empty() ? EXPLICIT : PATHS;
    if (!found.empty()) paths.use(field.get(), data, std::move(found), path_tolerance);
  }
  if (state[METHOD] == PATHS) {
    stepper = &paths;
  } else if (state[METHOD] == STIFF) {
    radau.use(field.get(), data, stiff_tolerance, state[FLOOR]);
    stepper = &radau;
  } else {
    dop.use(field.get(), size, explicit_tolerance, state[FLOOR]);
    stepper = &dop;
  }
  stepper->evaluations = 0, stepper->algebra = 0;
  stepper->stand(theta, velocity.data());
}

/* The next step where its error grows on as it grew from the last step to this one (Gustafsson's controller).
 */
double FlowSpace::Parts::predicted(const double *state, double h, double error) const {
  if (!(state[TAKEN] > 0) || !(state[ERROR] > 1e-12) || !(error > 1e-12))
    return std::numeric_limits<double>::max();
  return safety * h * (h / state[TAKEN]) * power(state[ERROR] / error / error, 1.0 / stepper->order());
}

/* One accepted step. @returns false where the run must pause or has come to its end */
bool FlowSpace::Parts::step(double *theta, double *state) {
  const double time = batch.time[run], end = batch.end[run];
  double planned = state[SIZE];
  bool refused = false;
  for (;;) {
    const double left = end - time;
    double h = std::fmin(planned, stepper->longest());
    const bool last = left <= h * 1.000001;
    if (last) h = left;
    if (!(h > 4 * std::numeric_limits<double>::epsilon() * time) ||
        !(h <= std::numeric_limits<double>::max())) {
      batch.status[run] = LANES_STUCK;
      return false;
    }
    const double error = stepper->attempt(h);
    if (cancelled()) return false; /* what was tried is tried anew */
    double factor = most_factor;
    if (error > 0) {
      factor = error < std::numeric_limits<double>::infinity()
                   ? safety * power(std::fmax(error, 1e-12), -1.0 / stepper->order())
                   : least_factor;
      factor = std::fmin(refused ? 1 : most_factor, std::fmax(least_factor, factor));
    }
    if (error <= 1) {
      /* A step cut short says nothing against the longer one that was planned. */
      double next = h < planned ? std::fmax(planned, h * factor) : h * factor;
      const double trend = predicted(state, h, error);
      if (trend < next) next = std::fmax(trend, least_factor * h);
      return commit(theta, state, last ? end : time + h, next, error);
    }
    refused = true;
    planned = h * std::fmin(factor, safety);
  }
}

bool FlowSpace::Parts::commit(double *theta, double *state, double until, double next, double error) {
  const double time = batch.time[run];
  const double *there = stepper->end();
  bool whole = record.look(there);
  if (whole) {
    if (const double *ready = stepper->end_velocity()) {
      for (std::ptrdiff_t i = 0; i < size; i++) arriving[i] = ready[i];
    } else {
      field->velocity(there, arriving.data());
      stepper->evaluations++;
    }
    record.arrive(there, arriving.data());
    if (!record.date(*stepper, theta, time, until, state + PAUSE))
      return false; /* the step is taken anew, with room */
    whole = record.rows(*stepper, theta, time, until);
  }
  const double work = static_cast<double>(stepper->evaluations) + stepper->algebra;
  batch.evaluations[run] += stepper->evaluations;
  stepper->evaluations = 0, stepper->algebra = 0;
  bool broken = false; /* a path that came to an exact zero */
  for (std::ptrdiff_t i = 0; i < size; i++) {
    broken = broken || (there[i] == 0 && theta[i] != 0);
    theta[i] = there[i];
  }
  batch.time[run] = until;
  batch.step[run]++;
  state[SIZE] = next;
  state[TAKEN] = until - time;
  state[ERROR] = error;
  const bool other = changes(state, until - time, work);
  if (!whole) {
    batch.status[run] = LANES_LOST;
    return false;
  }
  record.keep(until);
  if (until >= batch.end[run]) {
    batch.status[run] = LANES_DONE;
    return false;
  }
  velocity.swap(arriving);
  record.lean(theta, velocity.data());
  if (broken || other) {
    choose(theta, state);
  } else {
    stepper->stand(theta, velocity.data());
  }
  /* What it took to stand here belongs to the step that led here, so that a call that goes on from here
   * counts alike. */
  batch.evaluations[run] += stepper->evaluations;
  stepper->evaluations = 0;
  return true;
}

/* Whether the run goes on by the other method from here. work: what the step took, in evaluations. */
bool FlowSpace::Parts::changes(double *state, double taken, double work) const {
  const int residuals = data.outputs * data.features;
  if (residuals > most_residuals) return false;
  if (state[METHOD] == EXPLICIT) return Switch(state).leaves_explicit(taken, dop.stiffness());
  return state[METHOD] == STIFF && Switch(state).leaves_stiff(taken, work + 2 * residuals, dop_stages);
}

void FlowSpace::Parts::train(int which) {
  run = which;
  if (batch.status[run] != LANES_GOING) return;
  double *theta = batch.weights + run * size,
         *state = batch.integrator + static_cast<std::ptrdiff_t>(run) * LANES_INTEGRATOR;
  const int64_t before = batch.evaluations[run];
  if (cancelled()) return;
  begin(theta, state);
  if (batch.status[run] != LANES_GOING) return;
  if (batch.time[run] >= batch.end[run]) {
    batch.status[run] = LANES_DONE;
    return;
  }
  while (step(theta, state) && batch.evaluations[run] - before < batch.budget) {
  }
}

FlowSpace::FlowSpace(const lanes_batch &batch) : parts_(std::make_unique<Parts>(batch)) {}
FlowSpace::~FlowSpace() = default;
void FlowSpace::train(int run) { parts_->train(run); }
}  // namespace lanes
