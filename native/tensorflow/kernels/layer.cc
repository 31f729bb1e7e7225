/* What goes through a dense layer and comes back through it; bias, activation and its slope are done on the way. */
#include "layer.h"

#include "layer-pieces.h"

namespace kernels {
namespace {
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

/*
 * Sums that are slopes by the results of an activation, turned in registers into those by what went into it; only where
 * they are whole vectors, else by slope_rows. `results` lie as the sums do, rows `ld` apart.
 */
struct Turning : Nothing {
  Slope x;  // of the piece's first row and column
  std::ptrdiff_t ld;
  bool is_whole;

  Turning(const Slope& x, std::ptrdiff_t ld, bool is_whole) : x(x), ld(ld), is_whole(is_whole) {}

  template <int TM, int TN>
  LANES_INLINE bool end(int row, V (&sums)[TM][TN]) const {
    if (!is_whole || x.is_one()) return false;
    if (x.activation == Activation::relu) {
      turn<Activation::relu>(row, sums);
    } else {
      turn<Activation::tanh>(row, sums);
    }
    return false;
  }

 private:
  template <Activation kind, int TM, int TN>
  LANES_INLINE void turn(int row, V (&sums)[TM][TN]) const {
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) sums[i][j] = sloped<kind>(V::load(x.results + (row + i) * ld + j * W), sums[i][j]);
  }
};
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
      const Slope before = x.from((run * batch + i) * in + j);
      const bool is_whole = columns % W == 0;
      product<false>(
          rows, columns, out, dx + (run * batch + i) * in + j, in, room,
          [&](int64_t k, int n, float* to) {
            if constexpr (kind.value == Activation::linear) return Left<false>{dy + first + k, out};
            return Left<false>{slopes<kind.value>(y + first + k, dy + first + k, out, rows, n, to, block_depth), block_depth};
          },
          [&](int64_t k, int n, int vectors, float* to) { return lay_turned(turned + k, out, n, columns, vectors, to); },
          [&](float* at, std::ptrdiff_t ld, int row, int count, int) {
            if (x.is_one() || is_whole) return;
            const float* results = before.results + row * in;
            if (x.activation == Activation::relu) return slope_rows<Activation::relu>(at, ld, count, columns, results, in);
            slope_rows<Activation::tanh>(at, ld, count, columns, results, in);
          },
          Turning(before, in, is_whole));
    });
  });
}
}  // namespace kernels
