#ifndef JEPALAB_LANES_LOAD_H
#define JEPALAB_LANES_LOAD_H
#include <cmath>

#include "cpu/net.h"
#include "cpu/team.h"

namespace lanes {
/* Between the caller's dense doubles and the vectors of a Net. */
template <class V, int Runs, int D>
struct Loader {
  using Real = typename V::Real;
  const lanes_batch& b;
  Net<V, Runs, D>& net;

  int64_t weights() const { return lanes_weights(b.objective, b.depth, b.features, b.width); }

  /* A team's members load a share of the rows each. */
  void load(int run, int lane, const Share& share) const {
    const int64_t size = weights();
    const bool compensated = carries(b);
    const double* const weights_in = b.weights + run * size;
    const double* const carry_in = compensated ? b.carry + run * size : nullptr;
    const double* const velocity_in = net.momentum ? b.velocity + run * size : nullptr;
    rows(share, [&](int a, int r, int64_t at, int cols) {
      const double* const weight = weights_in + at;
      each(net.weight[a], lane, r, cols, [=](int c, Real& w) { w = static_cast<Real>(weight[c]); });
      if (compensated) {
        const double* const carry = carry_in + at;
        // What the first rounding takes off is carried too.
        const auto rest = [=](int c, Real& to) { to = static_cast<Real>(weight[c] - static_cast<Real>(weight[c]) + carry[c]); };
        each(net.carry[a], lane, r, cols, rest);
      }
      if (velocity_in != nullptr) {
        const double* const velocity = velocity_in + at;
        each(net.velocity[a], lane, r, cols, [=](int c, Real& v) { v = static_cast<Real>(velocity[c]); });
      }
    });
    if (share.member > 0) return;
    data(run, lane);
    if (net.momentum) net.mu[lane] = static_cast<Real>(b.momentum[run]);
  }

  void save(int run, int lane, const Share& share) const {
    const int64_t size = weights();
    const auto take = [&](const auto& from, int r, int cols, double* to) {
      each(from, lane, r, cols, [=](int c, Real& x) { to[c] = x; });
    };
    rows(share, [&](int a, int r, int64_t at, int cols) {
      take(net.weight[a], r, cols, b.weights + run * size + at);
      if (carries(b)) take(net.carry[a], r, cols, b.carry + run * size + at);
      if (net.momentum) take(net.velocity[a], r, cols, b.velocity + run * size + at);
    });
  }

  /* The weights of a run, w + c, in double. */
  void read(int lane, double* to, const Share& share) const {
    rows(share, [&](int a, int r, int64_t at, int cols) {
      double* const row = to + at;
      each(net.weight[a], lane, r, cols, [=](int c, Real& w) { row[c] = w; });
      if (carries(b)) each(net.carry[a], lane, r, cols, [=](int c, Real& rest) { row[c] += rest; });
    });
  }

  /* The moments of the batch of one update. */
  void batch(int run, int lane, int64_t update) const {
    const std::size_t at = (static_cast<std::size_t>(run) * b.budget + update) * b.features * b.features;
    square(net.batch, lane, b.batch_sxx + at);
    square(net.syx, lane, b.batch_syx + at);
  }

 private:
  /* f(matrix, row, where its first number is among a run's weights, columns) for a member's share of the rows. */
  template <class F>
  LANES_INLINE void rows(const Share& share, F f) const {
    int64_t first = 0;
    net.each_matrix([&](int a, int count, int cols) {
      for (int r = share.begin(count); r < share.end(count); r++) f(a, r, first + static_cast<int64_t>(r) * cols, cols);
      first += static_cast<int64_t>(count) * cols;
    });
  }

  /* f(c, element (r, c)) along a row: side by side in the matrix layout, where the compiler makes vectors of pieces of eight. */
  template <class F>
  static LANES_INLINE void each(const typename Net<V, Runs, D>::Mat& m, int lane, int r, int cols, F f) {
    Real* const row = m.vector(r, 0) + lane;
    constexpr int stride = Runs, piece = Runs == 1 ? 8 : 1;
    int c = 0;
    for (; c + piece <= cols; c += piece) {
#pragma GCC ivdep
      for (int i = 0; i < piece; i++) f(c + i, row[(c + i) * stride]);
    }
    for (; c < cols; c++) f(c, row[c * stride]);
  }

  void square(const typename Net<V, Runs, D>::Mat& to, int lane, const double* from) const {
    for (int r = 0; r < b.features; r++)
      for (int c = 0; c < b.features; c++) net.element(to, lane, r, c) = static_cast<Real>(*from++);
  }

  void diagonal(const typename Net<V, Runs, D>::Mat& to, int lane, const double* from) const {
    for (int r = 0; r < b.features; r++) net.element(to, lane, r, r) = static_cast<Real>(from[r]);
  }

  void data(int run, int lane) const {
    const int d = b.features;
    const std::size_t row = static_cast<std::size_t>(run) * d, all = row * d;
    const bool full = b.form == LANES_FULL;
    for (int j = 0; j < d; j++) {
      net.element(net.sxx, lane, j) = static_cast<Real>(b.sxx[row + j]);
      if (!full) net.element(net.lambda, lane, j) = static_cast<Real>(b.syx[row + j]);
    }
    if (b.directions != nullptr) square(net.directions, lane, b.directions + all);
    if (net.mode == LANES_DESCENT && full) square(net.syx, lane, b.syx + all);
    if (net.mode == LANES_DESCENT && !full && !net.jepa) diagonal(net.syx, lane, b.syx + row);
    if (net.mode != LANES_MOMENTS) return;
    for (int j = 0; j < d; j++) {
      const double sigma = std::sqrt(b.sxx[row + j]);
      net.element(net.sigma, lane, j) = static_cast<Real>(sigma);
      net.element(net.sigma_share, lane, j) = static_cast<Real>(sigma / b.rows);
      if (full) continue;
      net.element(net.rho, lane, j) = static_cast<Real>(b.slope[row + j]);
      net.element(net.nu, lane, j) = static_cast<Real>(-b.noise[row + j]);
    }
    if (full) {
      square(net.slope, lane, b.slope + all);
      square(net.noise, lane, b.noise + all);
      for (int r = 0; r < d; r++)
        for (int c = 0; c < d; c++) net.element(net.noise, lane, r, c) = -net.element(net.noise, lane, r, c);
    } else if (!net.jepa) {
      diagonal(net.slope, lane, b.slope + row);
    }
  }
};
}  // namespace lanes
#endif
