/*
 * Steps of optimisers on one weight of R runs: JepalabSgd and JepalabAdam. Each tensor's memory is taken over by its
 * successor where nobody else needs it, so that weights and slots stay where they are.
 */
#include <vector>

#include "operation.h"
#include "registry.h"
#include "update.h"

namespace kernels {
namespace {
/* The weight and its slots before and after, and the gradient, all of one shape. */
class Kept {
 public:
  Kept(Call& call, int gradient, int slots, int first_slot) : gradient_(call.input(gradient)) {
    if (call.failed()) return;
    // Before the inputs are held, for memory that is held twice is not handed on.
    for (int k = 0; k <= slots; k++) after_.push_back(call.in_place_of(input_of(k, first_slot), k, gradient_));
    for (int k = 0; k <= slots; k++) before_.push_back(call.input(input_of(k, first_slot)));
    if (call.failed()) return;
    for (const Tensor& tensor : before_) {
      if (tensor.has_shape_of(gradient_) && tensor.rank() > 0) continue;
      call.refuse("an update of %s by a gradient of %s", tensor.shape().c_str(), gradient_.shape().c_str());
      return;
    }
  }

  Weights weights() const {
    const int64_t runs = gradient_.dim(0);
    return {runs, runs == 0 ? 0 : gradient_.size() / runs, before_[0].at(), gradient_.at(), after_[0].at()};
  }
  /* None for a negative index. */
  Slot slot(int index) const {
    if (index < 0) return {nullptr, nullptr};
    return {before_[1 + index].at(), after_[1 + index].at()};
  }

 private:
  static int input_of(int k, int first_slot) { return k == 0 ? 0 : first_slot + k - 1; }

  Tensor gradient_;
  std::vector<Tensor> before_, after_;
};

/* One number, or one for each run. */
Rates rates_of(Call& call, const Tensor& tensor, int64_t runs) {
  if (!call.failed() && tensor.size() != 1 && !tensor.has({runs}))
    call.refuse("rates of %s for %lld runs", tensor.shape().c_str(), static_cast<long long>(runs));
  return {tensor.at(), tensor.size() == 1 ? 0 : 1};
}

/* Inputs: weight, gradient, rates, slots: momentum where there is one, then what was lost. */
struct SgdOperation {
  explicit SgdOperation(Construction& made)
      : rule{made.real("momentum"), made.real("decay")}, slots(made.whole("slots")), is_compensated(made.truth("compensated")) {}

  void compute(Call& call) const {
    const Kept kept(call, 1, slots, 3);
    const Tensor told = call.input(2);
    if (call.failed()) return;
    const bool has_momentum = slots > (is_compensated ? 1 : 0);
    const Weights weights = kept.weights();
    const Rates rates = rates_of(call, told, weights.runs);
    if (call.failed()) return;
    sgd(rule, weights, kept.slot(has_momentum ? 0 : -1), kept.slot(is_compensated ? slots - 1 : -1), rates);
  }

  Sgd rule;
  int slots;
  bool is_compensated;
};

/* Inputs: weight, gradient, rates, 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ), slots: momentum, square, then what was lost. */
struct AdamOperation {
  explicit AdamOperation(Construction& made)
      : rule{made.real("beta1"), made.real("rest1"), made.real("beta2"), made.real("rest2"),
             made.real("epsilon"), made.real("decay"), made.truth("decoupled")},
        slots(made.whole("slots")) {}

  void compute(Call& call) const {
    const Kept kept(call, 1, slots, 5);
    const Tensor told = call.input(2), first = call.input(3), second = call.input(4);
    if (call.failed()) return;
    const Weights weights = kept.weights();
    const Rates rates = rates_of(call, told, weights.runs), one = rates_of(call, first, weights.runs),
                two = rates_of(call, second, weights.runs);
    if (call.failed()) return;
    adam(rule, weights, kept.slot(0), kept.slot(1), kept.slot(slots > 2 ? 2 : -1), rates, one, two);
  }

  Adam rule;
  int slots;
};
}  // namespace

void register_optimizer(std::string& trouble) {
  register_operation<SgdOperation>({"JepalabSgd",
                                    {"weight: float", "gradient: float", "rates: float", "kept: slots * float"},
                                    {"next: float", "after: slots * float"},
                                    {"slots: int >= 0", "momentum: float", "decay: float", "compensated: bool"}},
                                   trouble);
  register_operation<AdamOperation>(
      {"JepalabAdam",
       {"weight: float", "gradient: float", "rates: float", "first: float", "second: float", "kept: slots * float"},
       {"next: float", "after: slots * float"},
       {"slots: int >= 2", "beta1: float", "rest1: float", "beta2: float", "rest2: float", "epsilon: float", "decay: float",
        "decoupled: bool"}},
      trouble);
}
}  // namespace kernels
