#ifndef JEPALAB_LANES_FLOW_FLOW_H
#define JEPALAB_LANES_FLOW_FLOW_H
#include <memory>

#include "lanes.h"

namespace lanes {
/*
 * What a thread needs to train the runs of one batch by gradient flow, one after the other. Its size is that
 * of some 30 copies of a run's weights. The batch must outlive it.
 */
class FlowSpace {
 public:
  explicit FlowSpace(const lanes_batch &batch); /* throws std::bad_alloc */
  ~FlowSpace();
  FlowSpace(const FlowSpace &) = delete;
  FlowSpace &operator=(const FlowSpace &) = delete;

  /*
   * Trains run r on from its state by at most `budget` evaluations (by one step at least), and writes its
   * state, rows, passages and status as lanes.h has them. Only a run that is LANES_GOING is touched; its
   * numbers must be finite.
   */
  void train(int run);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};
}  // namespace lanes
#endif
