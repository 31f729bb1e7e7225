#ifndef JEPALAB_LANES_DESCENT_H
#define JEPALAB_LANES_DESCENT_H
#include <memory>

#include "lanes.h"

namespace lanes {
inline bool is_cancelled(const lanes_batch& b) { return b.cancel != nullptr && *b.cancel != 0; }

/* One thread's trainer: memory for as many runs as it takes at a time. */
class Worker {
 public:
  virtual ~Worker() = default;
  virtual void train(const int* runs, int count) = 0;
};

/* Throws std::bad_alloc. `b` must outlive the worker. */
std::unique_ptr<Worker> make_worker(const lanes_batch& b, int layout);
std::unique_ptr<Worker> make_float_lanes(const lanes_batch& b);
std::unique_ptr<Worker> make_compensated_lanes(const lanes_batch& b);
std::unique_ptr<Worker> make_double_lanes(const lanes_batch& b);
std::unique_ptr<Worker> make_matrix(const lanes_batch& b, int threads);
std::unique_ptr<Worker> make_int8x3(const lanes_batch& b, int threads);
std::unique_ptr<Worker> make_braid(const lanes_batch& b);
std::unique_ptr<Worker> make_flow(const lanes_batch& b);

/* Whether a net is square of d features and has no momentum: such sizes are the ones that the compiler may know. */
inline bool is_known(const lanes_batch& b, int d) { return b.features == d && b.width == d && b.momentum == nullptr; }
/* The runs of a braid; 1 where this build, the precision or the mode has none. */
int braid_runs(const lanes_batch& b);
/* Runs that one worker takes at a time. */
int lanes_of(const lanes_batch& b, int layout);
/* The one rule for the layout (measured: native/lanes/README.md). */
int fastest_layout(const lanes_batch& b);
}  // namespace lanes
#endif
