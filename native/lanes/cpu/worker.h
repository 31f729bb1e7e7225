#ifndef JEPALAB_LANES_WORKER_H
#define JEPALAB_LANES_WORKER_H
#include "cpu/descent.h"
#include "cpu/group.h"

namespace lanes {
template <class V, int Runs, int D, int Kind>
class GroupWorker final : public Worker {
 public:
  GroupWorker(const lanes_batch& b, int threads) : team_(threads), group_(b, team_) {}
  void train(const int* runs, int count) override { group_.train(runs, count); }

 private:
  Team team_;
  Group<V, Runs, D, Kind> group_;
};

template <class V, int Runs, int D, int Kind>
std::unique_ptr<Worker> worker_of(const lanes_batch& b, int threads = 1) {
  return std::make_unique<GroupWorker<V, Runs, D, Kind>>(b, threads);
}

/* Any sizes, and with momentum too. */
template <class V, int Kind>
std::unique_ptr<Worker> lanes_worker(const lanes_batch& b) {
  return worker_of<V, V::width, 0, Kind>(b);
}

/*
 * Sizes that the compiler knows pay where a product is a few tiles: square nets of 4, 8 or 16, the paper's. Not in the
 * portable build for x86-64, which an old CPU alone runs and which would take half of the build's time.
 */
template <class V, int Kind>
std::unique_ptr<Worker> small_lanes_worker(const lanes_batch& b) {
#if !defined(LANES_ISA_PORTABLE) || !defined(__x86_64__)
  if (is_known(b, 4)) return worker_of<V, V::width, 4, Kind>(b);
  if (is_known(b, 8)) return worker_of<V, V::width, 8, Kind>(b);
  if (is_known(b, 16)) return worker_of<V, V::width, 16, Kind>(b);
#endif
  return lanes_worker<V, Kind>(b);
}
}  // namespace lanes
#endif
