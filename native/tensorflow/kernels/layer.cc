/*
 * The three products of a dense layer. An item is one run's piece of up to 96 rows and one panel of columns; bias,
 * activation and its slope are done on the way.
 */
#include "layer.h"

#include <algorithm>

#include "crew.h"
#include "product.h"
#include "step.h"

namespace kernels {
namespace {
/* The result's pieces: runs × panels × row pieces. A thread has the same runs or columns in all of a layer's products. */
struct Pieces {
  int64_t runs, rows, columns, piece;  // piece: rows of one
  int64_t row_pieces, panels;
  double cycles;

  bool is_by_rows;

  Pieces(int64_t runs, int64_t rows, int64_t columns, int64_t depth, bool is_by_rows = false)
      : runs(runs), rows(rows), columns(columns), is_by_rows(is_by_rows) {
    panels = (columns + panel_columns - 1) / panel_columns;
    const int64_t pieces = pieces_for(runs * panels, (rows + item_rows - 1) / item_rows);
    piece = std::max<int64_t>(2, (rows + pieces - 1) / pieces + 1) / 2 * 2;
    row_pieces = std::max<int64_t>(1, (rows + piece - 1) / piece);  // one without rows too: a bias has slopes without them
    cycles = static_cast<double>(runs) * rows * columns * (depth + 8) / (2 * W);
  }
  /* work(run, first row, rows, first column, columns) */
  template <class Work>
  void each(const Work& work) const {
    share(runs * row_pieces * panels, cycles, [&](int64_t item) {
      const int64_t of_run = item % (row_pieces * panels), run = item / (row_pieces * panels);
      const int64_t piece_at = is_by_rows ? of_run / panels : of_run % row_pieces;
      const int64_t panel = is_by_rows ? of_run % panels : of_run / row_pieces;
      const int64_t i = piece_at * piece, j = panel * panel_columns;
      work(run, i, static_cast<int>(std::min(piece, rows - i)), j, static_cast<int>(std::min<int64_t>(panel_columns, columns - j)));
    });
  }
};

/* Adds a bias to `rows` rows of whole vectors and turns them. */
template <Activation kind>
void finish_rows(float* at, std::ptrdiff_t ld, int rows, int vectors, const V (&bias)[panel_vectors], bool has_bias) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) {
      float* p = at + i * ld + j * W;
      const V sum = V::load(p);
      activated<kind>(has_bias ? sum + bias[j] : sum).store(p);
    }
}

/* Turns `rows` rows of slopes by the results of an activation, x [..][out], into those by what went into it. */
template <Activation kind>
void slope_rows(float* at, std::ptrdiff_t ld, int rows, int columns, const float* x, std::ptrdiff_t out) {
  for (int i = 0; i < rows; i++) slope_row<kind>(x + i * out, at + i * ld, at + i * ld, columns);
}

/* The same in registers, where it is short. */
template <Activation kind>
struct Ending : Nothing {
  static constexpr bool is_short = kind != Activation::tanh;
  const V* bias;  // or NULL
  explicit Ending(const V* bias) : bias(bias) {}

  template <int TM, int TN>
  LANES_INLINE bool end(int, V (&sums)[TM][TN]) const {
    if (!is_short) return false;
    if (bias != nullptr) {
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) {
        const V own = bias[j];
#pragma GCC unroll 16
        for (int i = 0; i < TM; i++) sums[i][j] = sums[i][j] + own;
      }
    }
    if (kind == Activation::linear) return false;
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++)
        if constexpr (is_short) sums[i][j] = activated<kind>(sums[i][j]);
    return false;
  }
};

/* The slopes of `rows` rows from dy [..][out], n columns of them, as rows `ld` apart. */
template <Activation kind>
const float* slopes(const float* y, const float* dy, std::ptrdiff_t out, int rows, int n, float* room, std::ptrdiff_t ld) {
  for (int i = 0; i < rows; i++) slope_row<kind>(y + i * out, dy + i * out, room + i * ld, n);
  return room;
}

/* The slopes of n rows as a panel. */
template <Activation kind>
Panel slope_panel(const float* y, const float* dy, std::ptrdiff_t out, int n, int columns, int vectors, float* room) {
  if constexpr (kind == Activation::linear) return lay_rows(dy, out, n, columns, vectors, room);
  const std::ptrdiff_t step = vectors * W;
  if (columns < step)
    for (int p = 0; p < n; p++) V::zero().store(room + p * step + (vectors - 1) * W);
  slopes<kind>(y, dy, out, n, columns, room, step);
  return {room, step};
}
}  // namespace

void layer_forward(const Layer& layer, const float* x, const float* w, const float* b, float* y) {
  const auto [runs, batch, in, out, activation] = layer;
  with(activation, [&, runs = runs, batch = batch, in = in, out = out](auto kind) {
    Pieces(runs, batch, out, in).each([&](int64_t run, int64_t i, int rows, int64_t j, int columns) {
      Scratch room;
      const float* left = x + (run * batch + i) * in;
      const float* right = w + run * in * out + j;
      V bias[panel_vectors];
      alignas(64) float padded[panel_columns] = {};
      if (b != nullptr) std::memcpy(padded, b + run * out + j, static_cast<size_t>(columns) * sizeof(float));
      for (int v = 0; v < panel_vectors; v++) bias[v] = V::load(padded + v * W);
      product<false>(
          rows, columns, in, y + (run * batch + i) * out + j, out, room,
          [&](int64_t k, int, float*) { return Left<false>{left + k, in}; },
          [&](int64_t k, int n, int vectors, float* to) { return lay_rows(right + k * out, out, n, columns, vectors, to); },
          [&](float* at, std::ptrdiff_t ld, int, int count, int vectors) {
            if constexpr (!Ending<kind.value>::is_short) finish_rows<kind.value>(at, ld, count, vectors, bias, b != nullptr);
          },
          Ending<kind.value>(b == nullptr ? nullptr : bias));
    });
  });
}

void layer_input_slopes(const Layer& layer, const float* w, const float* y, const float* dy, float* dx, Slope x) {
  const auto [runs, batch, in, out, activation] = layer;
  with(activation, [&, runs = runs, batch = batch, in = in, out = out](auto kind) {
    Pieces(runs, batch, in, out).each([&](int64_t run, int64_t i, int rows, int64_t j, int columns) {
      Scratch room;
      const int64_t first = (run * batch + i) * out;
      const float* turned = w + (run * in + j) * out;
      product<false>(
          rows, columns, out, dx + (run * batch + i) * in + j, in, room,
          [&](int64_t k, int n, float* to) {
            if constexpr (kind.value == Activation::linear) return Left<false>{dy + first + k, out};
            return Left<false>{slopes<kind.value>(y + first + k, dy + first + k, out, rows, n, to, block_depth), block_depth};
          },
          [&](int64_t k, int n, int vectors, float* to) { return lay_turned(turned + k, out, n, columns, vectors, to); },
          [&](float* at, std::ptrdiff_t ld, int row, int count, int) {
            if (x.is_one()) return;
            const float* results = x.results + (run * batch + i + row) * in + j;
            if (x.activation == Activation::relu) return slope_rows<Activation::relu>(at, ld, count, columns, results, in);
            slope_rows<Activation::tanh>(at, ld, count, columns, results, in);
          });
    });
  });
}

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
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) sgd.take(Elements{first + (row + i) * out + j * W, W}, sums[i][j], before, after);
    return true;
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
