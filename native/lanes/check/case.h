#ifndef JEPALAB_LANES_CHECK_CASE_H
#define JEPALAB_LANES_CHECK_CASE_H
#include <cstdint>
#include <string>
#include <vector>

#include "../lanes.h"

/** What a case is made from; the arrays follow from `seed` alone. */
struct Shape {
  int objective = LANES_JEPA, mode = LANES_DESCENT, form = LANES_DIAGONAL;
  int precision = LANES_COMPENSATED, layout = LANES_AUTO, threads = 1;
  int runs = 1, depth = 1, features = 2, width = 2;
  int steps = 20;
  int rows = 0; /* LANES_MOMENTS */
  int points = 3;
  bool momentum = false, rate_table = false, directions = false;
  uint64_t seed = 1;

  std::string name() const;
  /** Whether weights carry what their updates rounded off. */
  bool carries() const { return precision == LANES_COMPENSATED || precision == LANES_INT8X3; }
  int decoder_rows() const { return objective == LANES_JEPA ? width : features; }
};

/** A batch that owns its arrays. `view` points a lanes_batch at them; copies are independent. */
struct Case {
  Shape shape;
  std::vector<double> sxx, syx, syy, directions, slope, noise, batch_sxx, batch_syx, rate, momentum, end;
  std::vector<double> weights, carry, velocity, integrator, time, ladder, looked, looked_at, point, row, lost;
  std::vector<int64_t> seed, step, evaluations;
  std::vector<int32_t> above, below, next_point, passages, status;
  std::vector<lanes_passage> passage;
  int capacity = 0;

  int64_t weights_a_run() const;
  /** Budget: updates of the call. The rate table and the handed batches are cut to [from, from + budget). */
  lanes_batch view(int64_t budget);
};

/** Dense random weights and positive definite moments; equal bits for equal shapes on every machine. */
Case make_case(const Shape& shape);

/** Runs `from` and on of a case, alone: run r's data and state, moved to a batch of one. */
Case alone(const Case& whole, int run);

/** splitmix64; `between` is uniform in [low, high). */
struct Dice {
  uint64_t state;
  uint64_t next();
  double between(double low, double high);
  int whole(int low, int high); /* both ends included */
};
#endif
