#ifndef JEPALAB_LANES_LOAD_H
#define JEPALAB_LANES_LOAD_H
#include <cmath>

#include "cpu/net.h"

namespace lanes {
/* Between the caller's dense doubles and the vectors of a Net. */
template <class V, bool Lane, int D>
struct Loader {
  using Real = typename V::Real;
  const lanes_batch& b;
  Net<V, Lane, D>& net;

  int64_t weights() const { return lanes_weights(b.objective, b.depth, b.features, b.width); }

  void load(int run, int lane) const {
    const int64_t size = weights();
    const bool compensated = b.precision == LANES_COMPENSATED;
    const double* weight = b.weights + run * size;
    const double* carry = compensated ? b.carry + run * size : nullptr;
    const double* velocity = net.momentum ? b.velocity + run * size : nullptr;
    net.each_matrix([&](int a, int rows, int cols) {
      for (int r = 0; r < rows; r++, weight += cols) {
        each(net.weight[a], lane, r, cols, [=](int c, Real& w) { w = static_cast<Real>(weight[c]); });
        if (compensated) {
          // What the first rounding takes off is carried too.
          const auto rest = [=](int c, Real& to) { to = static_cast<Real>(weight[c] - static_cast<Real>(weight[c]) + carry[c]); };
          each(net.carry[a], lane, r, cols, rest);
          carry += cols;
        }
        if (velocity != nullptr) {
          each(net.velocity[a], lane, r, cols, [=](int c, Real& v) { v = static_cast<Real>(velocity[c]); });
          velocity += cols;
        }
      }
    });
    data(run, lane);
    if (net.momentum) net.mu[lane] = static_cast<Real>(b.momentum[run]);
  }

  void save(int run, int lane) const {
    const int64_t size = weights();
    const bool compensated = b.precision == LANES_COMPENSATED;
    double* weight = b.weights + run * size;
    double* carry = compensated ? b.carry + run * size : nullptr;
    double* velocity = net.momentum ? b.velocity + run * size : nullptr;
    net.each_matrix([&](int a, int rows, int cols) {
      for (int r = 0; r < rows; r++) {
        const auto take = [&](const auto& from, double*& to) {
          double* const row = to;
          each(from, lane, r, cols, [=](int c, Real& x) { row[c] = x; });
          to += cols;
        };
        take(net.weight[a], weight);
        if (compensated) take(net.carry[a], carry);
        if (velocity != nullptr) take(net.velocity[a], velocity);
      }
    });
  }

  /* The weights of a run, w + c, in double. */
  void read(int lane, double* to) const {
    const bool compensated = b.precision == LANES_COMPENSATED;
    net.each_matrix([&](int a, int rows, int cols) {
      for (int r = 0; r < rows; r++, to += cols) {
        each(net.weight[a], lane, r, cols, [=](int c, Real& w) { to[c] = w; });
        if (compensated) each(net.carry[a], lane, r, cols, [=](int c, Real& rest) { to[c] += rest; });
      }
    });
  }

  /* The moments of the batch of one update. */
  void batch(int run, int lane, int64_t update) const {
    const std::size_t at = (static_cast<std::size_t>(run) * b.budget + update) * b.features * b.features;
    square(net.batch, lane, b.batch_sxx + at);
    square(net.syx, lane, b.batch_syx + at);
  }

 private:
  /* f(c, element (r, c)) along a row: side by side in the matrix layout, where the compiler makes vectors of it. */
  template <class F>
  static LANES_INLINE void each(const typename Net<V, Lane, D>::Mat& m, int lane, int r, int cols, F f) {
    Real* const row = m.vector(r, 0) + (Lane ? lane : 0);
    constexpr int stride = Lane ? V::width : 1;
#pragma GCC ivdep
    for (int c = 0; c < cols; c++) f(c, row[c * stride]);
  }

  void square(const typename Net<V, Lane, D>::Mat& to, int lane, const double* from) const {
    for (int r = 0; r < b.features; r++)
      for (int c = 0; c < b.features; c++) net.element(to, lane, r, c) = static_cast<Real>(*from++);
  }

  void diagonal(const typename Net<V, Lane, D>::Mat& to, int lane, const double* from) const {
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
