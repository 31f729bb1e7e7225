/* Dense layers of R runs at once: JepalabDense and its two slopes. Shapes as in layer.h. */
#include "layer.h"
#include "operation.h"
#include "registry.h"

namespace kernels {
namespace {
/* b may have no elements. */
struct Dense {
  explicit Dense(Construction& made) : activation(activation_of(made.text("activation"))) {}

  void compute(Call& call) const {
    const Tensor x = call.input(0), w = call.input(1), b = call.input(2);
    if (call.failed()) return;
    if (!x.is(3) || !w.is(3) || w.dim(0) != x.dim(0) || w.dim(1) != x.dim(2)) {
      return call.refuse("a dense layer of x %s and w %s; they are [R][B][I] and [R][I][O]", x.shape().c_str(), w.shape().c_str());
    }
    const Layer layer{x.dim(0), x.dim(1), x.dim(2), w.dim(2), activation};
    if (b.size() != 0 && !b.has({layer.runs, layer.out})) {
      return call.refuse("a dense layer of w %s and b %s; b is [R][O]", w.shape().c_str(), b.shape().c_str());
    }
    const Tensor y = call.output(0, {layer.runs, layer.batch, layer.out});
    if (!call.failed()) layer_forward(layer, x.at(), w.at(), b.size() == 0 ? nullptr : b.at(), y.at());
  }

  Activation activation;
};

struct DenseInputSlopes {
  explicit DenseInputSlopes(Construction& made) : activation(activation_of(made.text("activation"))) {}

  void compute(Call& call) const {
    const Tensor w = call.input(0), y = call.input(1), dy = call.input(2);
    if (call.failed()) return;
    if (!w.is(3) || !dy.is(3) || !y.has_shape_of(dy) || dy.dim(0) != w.dim(0) || dy.dim(2) != w.dim(2)) {
      return call.refuse("slopes of a dense layer of w %s, y %s and dy %s; they are [R][I][O] and twice [R][B][O]",
                         w.shape().c_str(), y.shape().c_str(), dy.shape().c_str());
    }
    const Layer layer{w.dim(0), dy.dim(1), w.dim(1), w.dim(2), activation};
    const Tensor dx = call.output(0, {layer.runs, layer.batch, layer.in});
    if (!call.failed()) layer_input_slopes(layer, w.at(), y.at(), dy.at(), dx.at());
  }

  Activation activation;
};

struct DenseWeightSlopes {
  explicit DenseWeightSlopes(Construction& made) : activation(activation_of(made.text("activation"))) {}

  void compute(Call& call) const {
    const Tensor x = call.input(0), y = call.input(1), dy = call.input(2);
    if (call.failed()) return;
    if (!x.is(3) || !dy.is(3) || !y.has_shape_of(dy) || dy.dim(0) != x.dim(0) || dy.dim(1) != x.dim(1)) {
      return call.refuse("slopes of a dense layer of x %s, y %s and dy %s; they are [R][B][I] and twice [R][B][O]",
                         x.shape().c_str(), y.shape().c_str(), dy.shape().c_str());
    }
    const Layer layer{x.dim(0), x.dim(1), x.dim(2), dy.dim(2), activation};
    const Tensor dw = call.output(0, {layer.runs, layer.in, layer.out}), db = call.output(1, {layer.runs, layer.out});
    if (!call.failed()) layer_weight_slopes(layer, x.at(), y.at(), dy.at(), dw.at(), db.at());
  }

  Activation activation;
};
}  // namespace

void register_dense(std::string& trouble) {
  const char* const activation = "activation: {'linear', 'relu', 'tanh'} = 'linear'";
  register_operation<Dense>({"JepalabDense", {"x: float", "w: float", "b: float"}, {"y: float"}, {activation}}, trouble);
  register_operation<DenseInputSlopes>(
      {"JepalabDenseInputSlopes", {"w: float", "y: float", "dy: float"}, {"dx: float"}, {activation}}, trouble);
  register_operation<DenseWeightSlopes>(
      {"JepalabDenseWeightSlopes", {"x: float", "y: float", "dy: float"}, {"dw: float", "db: float"}, {activation}}, trouble);
}
}  // namespace kernels
