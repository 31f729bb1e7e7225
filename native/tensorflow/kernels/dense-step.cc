/*
 * JepalabDenseSgd: the gradient of a dense layer's weights and their step of sgd in one, so that the gradient never
 * goes through memory. workers/engines/tensorflow/kernels/fuse.ts puts it in the place of JepalabDenseWeightSlopes
 * and JepalabSgd, whose bits it has.
 */
#include <vector>

#include "layer.h"
#include "operation.h"
#include "registry.h"

namespace kernels {
namespace {
/* Inputs: x, y, dy, weight, rates, slots: momentum where there is one, then what was lost. */
struct DenseSgd {
  explicit DenseSgd(Construction& made)
      : activation(activation_of(made.text("activation"))), rule{made.real("momentum"), made.real("decay")},
        slots(made.whole("slots")), is_compensated(made.truth("compensated")) {}

  void compute(Call& call) const {
    const Tensor x = call.input(0), y = call.input(1), dy = call.input(2), rates = call.input(4);
    if (call.failed()) return;
    if (!x.is(3) || !dy.is(3) || !y.has_shape_of(dy) || dy.dim(0) != x.dim(0) || dy.dim(1) != x.dim(1)) {
      return call.refuse("slopes of a dense layer of x %s, y %s and dy %s; they are [R][B][I] and twice [R][B][O]",
                         x.shape().c_str(), y.shape().c_str(), dy.shape().c_str());
    }
    const Layer layer{x.dim(0), x.dim(1), x.dim(2), dy.dim(2), activation};
    const std::initializer_list<int64_t> shape = {layer.runs, layer.in, layer.out};
    const Tensor db = call.output(0, {layer.runs, layer.out});
    std::vector<Tensor> before, after;
    // Before the inputs are held, for memory that is held twice is not handed on.
    for (int k = 0; k <= slots; k++) after.push_back(call.in_place_of(input_of(k), 1 + k, shape));
    for (int k = 0; k <= slots; k++) before.push_back(call.input(input_of(k)));
    if (call.failed()) return;
    for (const Tensor& tensor : before)
      if (!tensor.has(shape)) return call.refuse("a step of %s by x %s and dy %s", tensor.shape().c_str(), x.shape().c_str(), dy.shape().c_str());
    if (rates.size() != 1 && !rates.has({layer.runs})) return call.refuse("rates of %s", rates.shape().c_str());
    const auto slot = [&](int k) { return Slot{before[1 + k].at(), after[1 + k].at()}; };
    const Slot none{nullptr, nullptr};
    const bool has_momentum = slots > (is_compensated ? 1 : 0);
    const Step step{before[0].at(), after[0].at(), has_momentum ? slot(0) : none, is_compensated ? slot(slots - 1) : none,
                    {rates.at(), rates.size() == 1 ? 0 : 1}};
    layer_weight_step(layer, x.at(), y.at(), dy.at(), db.at(), rule, step);
  }

  static int input_of(int k) { return k == 0 ? 3 : 4 + k; }

  Activation activation;
  Sgd rule;
  int slots;
  bool is_compensated;
};
}  // namespace

void register_dense_step(std::string& trouble) {
  register_operation<DenseSgd>(
      {"JepalabDenseSgd",
       {"x: float", "y: float", "dy: float", "weight: float", "rates: float", "kept: slots * float"},
       {"db: float", "next: float", "after: slots * float"},
       {"activation: {'linear', 'relu', 'tanh'} = 'linear'", "slots: int >= 0", "momentum: float", "decay: float", "compensated: bool"}},
      trouble);
}
}  // namespace kernels
