#ifndef JEPALAB_LANES_WORKER_H
#define JEPALAB_LANES_WORKER_H
#include "cpu/descent.h"
#include "cpu/group.h"

namespace lanes {
template <class V, bool Lane, int D, int Kind>
class GroupWorker final : public Worker {
 public:
  GroupWorker(const lanes_batch& b, int threads) : team_(threads), group_(b, team_) {}
  void train(const int* runs, int count) override { group_.train(runs, count); }

 private:
  Team team_;
  Group<V, Lane, D, Kind> group_;
};

template <class V, bool Lane, int D, int Kind>
std::unique_ptr<Worker> worker_of(const lanes_batch& b, int threads = 1) {
  return std::make_unique<GroupWorker<V, Lane, D, Kind>>(b, threads);
}

/* The sizes of which the compiler makes a kernel each: square nets without momentum. */
template <class V, int Kind>
std::unique_ptr<Worker> lanes_worker(const lanes_batch& b) {
  if (b.width == b.features && b.momentum == nullptr) {
    switch (b.features) {
      case 2: return worker_of<V, true, 2, Kind>(b);
      case 3: return worker_of<V, true, 3, Kind>(b);
      case 4: return worker_of<V, true, 4, Kind>(b);
      case 5: return worker_of<V, true, 5, Kind>(b);
      case 6: return worker_of<V, true, 6, Kind>(b);
      case 8: return worker_of<V, true, 8, Kind>(b);
      default: break;
    }
  }
  return worker_of<V, true, 0, Kind>(b);
}
}  // namespace lanes
#endif
