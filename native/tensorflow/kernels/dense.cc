#include <cmath>

#include "operation.h"
#include "registry.h"

namespace kernels {
namespace {
/* y [R][B][O] = x [R][B][I] · w [R][I][O] + b [R][O]; no b is a tensor without elements. */
struct Dense {
  explicit Dense(Construction& made) : activation(made.text("activation")) {}

  void compute(Call& call) const {
    const Tensor x = call.input(0), w = call.input(1), b = call.input(2);
    if (call.failed()) return;
    if (!x.is(3) || !w.has({x.dim(0), x.dim(2), w.dim(2)})) return call.refuse("shapes do not fit");
    const int64_t runs = x.dim(0), rows = x.dim(1), in = x.dim(2), out = w.dim(2);
    const Tensor y = call.output(0, {runs, rows, out});
    if (call.failed()) return;
    for (int64_t r = 0; r < runs; r++)
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < out; j++) {
          float sum = 0;
          for (int64_t k = 0; k < in; k++)
            sum = std::fma(x.at()[(r * rows + i) * in + k], w.at()[(r * in + k) * out + j], sum);
          y.at()[(r * rows + i) * out + j] = b.size() == 0 ? sum : sum + b.at()[r * out + j];
        }
  }

  std::string activation;
};
}  // namespace

void register_dense(std::string& trouble) {
  register_operation<Dense>({"JepalabDense",
                             {"x: float", "w: float", "b: float"},
                             {"y: float"},
                             {"activation: {'linear', 'relu', 'tanh'} = 'linear'"}},
                            trouble);
}
}  // namespace kernels
