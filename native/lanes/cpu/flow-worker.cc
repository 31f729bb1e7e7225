#include "cpu/descent.h"
#include "flow/flow.h"

namespace lanes {
namespace {
/* Flow takes one run at a time: each has its own steps. */
class FlowWorker final : public Worker {
 public:
  explicit FlowWorker(const lanes_batch& b) : space_(b) {}
  void train(const int* runs, int count) override {
    for (int i = 0; i < count; i++) space_.train(runs[i]);
  }

 private:
  FlowSpace space_;
};
}  // namespace

std::unique_ptr<Worker> make_flow(const lanes_batch& b) { return std::make_unique<FlowWorker>(b); }
}  // namespace lanes
