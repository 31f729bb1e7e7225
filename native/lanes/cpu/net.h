#ifndef JEPALAB_LANES_NET_H
#define JEPALAB_LANES_NET_H
#include <cstdint>

#include "cpu/arena.h"
#include "cpu/digits.h"
#include "cpu/precision.h"
#include "cpu/product.h"
#include "lanes.h"

namespace lanes {
/* The sizes of a batch; with D > 0 the compiler knows that d = w = o = D. */
template <int D>
struct Sizes {
  int depth_, d_, w_, o_;
  explicit Sizes(const lanes_batch& b)
      : depth_(b.depth), d_(b.features), w_(b.width), o_(b.objective == LANES_JEPA ? b.width : b.features) {}
  LANES_INLINE int depth() const { return depth_; }
  LANES_INLINE int d() const { return D > 0 ? D : d_; }
  LANES_INLINE int w() const { return D > 0 ? D : w_; }
  LANES_INLINE int o() const { return D > 0 ? D : o_; }
};

/* The vectors of a row: a power of two of them from row to row would put a column into few cache sets. */
constexpr int spread(int columns) { return columns >= 8 && columns % 8 == 0 ? columns + 1 : columns; }

/* All matrices of one group of runs (lanes) or of one run (matrix). Index 1 … depth are the layers, 0 the decoder. */
template <class V, int Runs, int D>
struct Net {
  using Real = typename V::Real;
  static constexpr bool Lane = Runs == V::width;
  static constexpr int lanes = Runs, across = V::width / Runs;  // columns of a vector
  static constexpr int vectors(int columns) { return (columns + across - 1) / across; }
  using Mat = Matrix<V, Runs, Lane ? D : spread((D + across - 1) / across)>;

  static constexpr bool known_braid = Runs > 1 && !Lane && D > 0;

  static constexpr int mirrored_from = 320;  // width; measured: at 256 it costs as much as it spares

  const Sizes<D> size;
  const bool jepa, momentum;
  const int mode, form;
  const bool packs;  // whether what gradients turn goes straight into panels; but W¹, which changes before
  Mat weight[LANES_MAX_DEPTH + 1], carry[LANES_MAX_DEPTH + 1], velocity[LANES_MAX_DEPTH + 1];
  Mat below[LANES_MAX_DEPTH + 1];  // below[a] = Wᵃ … W¹ [w][d]; below[1] is W¹ itself
  Mat residual, back;              // R [o][d], G_L [w][d]
  Mat above[LANES_MAX_DEPTH + 1];  // a team's: R for a = 0, else Gₐ [w][d], in place of a product that is not turned any more
  // Transposes of right operands [d][w], of large left ones [w][w]: a team has one for each weight, a braid of known size for each
  // product, else there is the first.
  Mat turned[LANES_MAX_DEPTH + 1], mirrored[LANES_MAX_DEPTH + 1] = {};
  Mat syx, directions;
  Mat batch, mixed, target;              // LANES_GIVEN: Sxx of a batch [d][d], U and T [o][d]
  Mat slope, noise;                      // LANES_MOMENTS: M and −H [d][d]
  Mat lower, upper, normal, kick;        // A, A' (matrix layout), G, −K [d][d]
  Real *sxx, *lambda;                    // rows of d: variances and the diagonal of Syx
  Real *sigma, *sigma_share, *rho, *nu;  // rows of d: σ, σ / B, the diagonals of M and −H
  Real *rate, *mu;                       // one vector each
  int8_t* strips[256] = {};              // LANES_INT8X3: room for the digits that each member of a team works with
  Arena arena;

  explicit Net(const lanes_batch& b, int members = 1)
      : size(b), jepa(b.objective == LANES_JEPA), momentum(b.momentum != nullptr), mode(b.mode), form(b.form),
        packs(D == 0 && Runs == 1 && (cuts(b) || (b.features >= panels_from && b.features / members >= panels_from / 4))) {
    place(b, members);
    arena.allocate();
    place(b, members);
  }

  LANES_INLINE int columns(int n) const { return vectors(n); }
  LANES_INLINE int cd() const { return columns(size.d()); }
  LANES_INLINE int cw() const { return columns(size.w()); }
  LANES_INLINE const Mat& product() const { return below[size.depth()]; }

  /* Element (r, c) of the run in a lane. */
  LANES_INLINE Real& element(const Mat& m, int lane, int r, int c) const {
    return m.vector(r, 0)[c * Runs + lane];
  }
  LANES_INLINE Real& element(Real* row, int lane, int c) const { return row[c * Runs + lane]; }

  /* f(matrix index, rows, columns) for W¹ … Wᴸ, V, in the order of `lanes_batch.weights`. */
  template <class F>
  void each_matrix(F f) const {
    for (int a = 1; a <= size.depth(); a++) f(a, size.w(), a == 1 ? size.d() : size.w());
    f(0, size.o(), size.w());
  }

 private:
  Mat matrix(int rows, int columns_of_vectors) {
    const int ld = Lane ? columns_of_vectors : spread(columns_of_vectors);
    return {arena.template cut<Real>(static_cast<std::size_t>(rows) * ld * V::width), ld};
  }

  void place(const lanes_batch& b, int members) {
    const int d = size.d(), w = size.w(), o = size.o(), depth = size.depth();
    const auto row = [&](int n) { return arena.template cut<Real>(static_cast<std::size_t>(columns(n)) * V::width); };
    each_matrix([&](int a, int rows, int cols) {
      weight[a] = matrix(rows, columns(cols));
      if (carries(b)) carry[a] = matrix(rows, columns(cols));
      if (momentum) velocity[a] = matrix(rows, columns(cols));
    });
    below[1] = weight[1];
    for (int a = 2; a <= depth; a++) below[a] = matrix(w, cd());
    residual = matrix(o, cd());
    back = matrix(w, cd());
    above[0] = residual;
    for (int a = 2; a <= depth; a++) above[a] = a == depth ? back : packs && members > 1 ? matrix(w, cd()) : below[a + 1];
    for (int a = 0; !Lane && a <= (members > 1 || known_braid ? depth : 0); a++) {
      if (!packs || members == 1 || a == (depth > 1 ? 2 : 0)) turned[a] = matrix(d, cw());
      if (w >= mirrored_from) mirrored[a] = matrix(w, cw());
    }
    for (int m = 0; cuts(b) && m < members; m++) strips[m] = arena.template cut<int8_t>(digits::room_for(w));
    sxx = row(d);
    lambda = row(d);
    rate = row(1);
    mu = row(1);
    if (form == LANES_FULL || !jepa || mode == LANES_GIVEN) syx = matrix(d, cd());
    if (b.directions != nullptr) directions = matrix(d, cd());
    if (mode == LANES_GIVEN) batch = matrix(d, cd());
    if (mode == LANES_GIVEN) target = matrix(o, cd());
    if (mode == LANES_GIVEN || mode == LANES_MOMENTS) mixed = matrix(o, cd());
    if (mode != LANES_MOMENTS) return;
    sigma = row(d);
    sigma_share = row(d);
    rho = row(d);
    nu = row(d);
    lower = matrix(d, cd());
    if (!Lane) upper = matrix(d, cd());
    normal = matrix(d, cd());
    kick = form == LANES_FULL ? matrix(d, cd()) : normal;
    if (form == LANES_FULL || !jepa) slope = matrix(d, cd());
    if (form == LANES_FULL) noise = matrix(d, cd());
  }
};
}  // namespace lanes
#endif
