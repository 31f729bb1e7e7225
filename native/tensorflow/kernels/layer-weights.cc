/* The gradient of a dense layer's weights, alone or with the step of sgd that it goes into. */
#include "layer-pieces.h"
#include "layer.h"
#include "step.h"

namespace kernels {
namespace {
/* sums[j] += Σ of column j's rows, one chain each. */
template <int TN>
void add_rows(Panel panel, int rows, V (&sums)[panel_vectors]) {
  V own[TN];  // in registers
  for (int j = 0; j < TN; j++) own[j] = sums[j];
  for (int p = 0; p < rows; p++)
#pragma GCC unroll 4
    for (int j = 0; j < TN; j++) own[j] = own[j] + V::load(panel.at + p * panel.step + j * W);
  for (int j = 0; j < TN; j++) sums[j] = own[j];
}

void add_rows(Panel panel, int rows, int vectors, V (&sums)[panel_vectors]) {
  if (vectors == 1) add_rows<1>(panel, rows, sums);
  if (vectors == 2) add_rows<2>(panel, rows, sums);
  if constexpr (is_wide) {
    if (vectors == 3) add_rows<3>(panel, rows, sums);
    if (vectors == 4) add_rows<4>(panel, rows, sums);
  }
}

/*
 * db, and x' · slopes, piece by piece: `to(run)` → where a run's dw lies and its rows' stride, or NULL for sums that go no further
 * than `finish(run, row, column, columns, at, ld, rows, vectors)`; `beside(run, row, column, columns)` → what is done beside a piece.
 */
template <Activation kind, class To, class Beside, class Finish>
void weight_pieces(const Layer& layer, const float* x, const float* y, const float* dy, float* db, const To& to, const Beside& beside,
                   const Finish& finish) {
  const auto [runs, batch, in, out, activation] = layer;
  Pieces(runs, in, out, batch, true).each([&, batch = batch, in = in, out = out](int64_t run, int64_t i, int rows, int64_t j, int columns) {
    Scratch room;
    const float* left = x + run * batch * in + i;
    const float* of_y = y + run * batch * out + j;
    const float* of_dy = dy + run * batch * out + j;
    V sums[panel_vectors];
    for (int v = 0; v < panel_vectors; v++) sums[v] = V::zero();
    const bool has_sums = db != nullptr && i == 0;
    float* const dw = to(run);
    product<true>(
        rows, columns, batch, dw == nullptr ? nullptr : dw + i * out + j, out, room,
        [&](int64_t k, int, float*) { return Left<true>{left + k * in, in}; },
        [&](int64_t k, int n, int vectors, float* panel_room) {
          const Panel panel = slope_panel<kind>(of_y + k * out, of_dy + k * out, out, n, columns, vectors, panel_room);
          if (has_sums) add_rows(panel, n, vectors, sums);
          return panel;
        },
        [&](float* at, std::ptrdiff_t ld, int row, int count, int vectors) {
          finish(run, i + row, j, columns, at, ld, count, vectors);
        },
        beside(run, i, j, columns));
    if (!has_sums) return;
    alignas(64) float padded[panel_columns];
    for (int v = 0; v < panel_vectors; v++) sums[v].store(padded + v * W);
    std::memcpy(db + run * out + j, padded, static_cast<size_t>(columns) * sizeof(float));
  });
}

/* A tile's weights and what is kept of them, brought near while its gradient is summed: a strip of rows is not foreseen by the hardware. */
template <bool Compensated>
struct Near {
  const float *weights, *momentum, *lost;  // of the piece's first row and column
  std::ptrdiff_t out;
  const SgdStep<Compensated> sgd;
  const float* before;
  float* after;
  int64_t first;
  bool is_whole;

  /* The step itself, of whole vectors. */
  template <int TM, int TN>
  LANES_INLINE bool end(int row, V (&sums)[TM][TN]) const {
    if (!is_whole) return false;
    if (sgd.is_momentum_alone()) {
      take<true>(row, sums);
    } else {
      take<false>(row, sums);
    }
    return true;
  }

  template <bool IsMomentumAlone, int TM, int TN>
  LANES_INLINE void take(int row, const V (&sums)[TM][TN]) const {
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++)
        sgd.template take<IsMomentumAlone>(Elements{first + (row + i) * out + j * W, W}, sums[i][j], before, after);
  }

  template <int TM, int TN>
  LANES_INLINE void at(int row, int p) const {
    if (p >= TM * TN) return;
    const std::ptrdiff_t next = (row + p / TN) * out + p % TN * W;
    __builtin_prefetch(weights + next, 1);
    if (momentum != nullptr) __builtin_prefetch(momentum + next, 1);
    if (Compensated) __builtin_prefetch(lost + next, 1);
  }
};

template <Activation kind, bool Compensated>
void weight_step(const Layer& layer, const float* x, const float* y, const float* dy, float* db, const Sgd& rule, const Step& step) {
  const auto nowhere = [](int64_t) { return static_cast<float*>(nullptr); };
  const auto near = [&](int64_t run, int64_t i, int64_t j, int columns) {
    const int64_t first = (run * layer.in + i) * layer.out + j;
    const auto from = [&](const float* of) { return of == nullptr ? nullptr : of + first; };
    return Near<Compensated>{step.before + first, from(step.momentum.before), from(step.lost.before), layer.out,
                             SgdStep<Compensated>(rule, step.rates.of(run), step.momentum, step.lost), step.before, step.after, first, columns % W == 0};
  };
  weight_pieces<kind>(layer, x, y, dy, db, nowhere, near,
                      [&](int64_t run, int64_t i, int64_t j, int columns, const float* at, std::ptrdiff_t ld, int rows, int vectors) {
                        const SgdStep<Compensated> sgd(rule, step.rates.of(run), step.momentum, step.lost);
                        const float* const before = step.before;
                        float* const after = step.after;
                        const int64_t out = layer.out, first = (run * layer.in + i) * out + j;
                        for (int r = 0; r < rows; r++)
                          for (int v = 0; v < vectors; v++) {
                            const Elements here{first + r * out + v * W, std::min(W, columns - v * W)};
                            sgd.take(here, V::load(at + r * ld + v * W), before, after);
                          }
                      });
}
}  // namespace

void layer_weight_slopes(const Layer& layer, const float* x, const float* y, const float* dy, float* dw, float* db) {
  with(layer.activation, [&](auto kind) {
    weight_pieces<kind.value>(layer, x, y, dy, db, [&](int64_t run) { return dw + run * layer.in * layer.out; },
                              [](int64_t, int64_t, int64_t, int) { return Nothing(); },
                              [](int64_t, int64_t, int64_t, int, float*, std::ptrdiff_t, int, int) {});
  });
}

void layer_weight_step(const Layer& layer, const float* x, const float* y, const float* dy, float* db, const Sgd& rule,
                       const Step& step) {
  with(layer.activation, [&](auto kind) {
    if (step.lost.before != nullptr) return weight_step<kind.value, true>(layer, x, y, dy, db, rule, step);
    weight_step<kind.value, false>(layer, x, y, dy, db, rule, step);
  });
}
}  // namespace kernels
