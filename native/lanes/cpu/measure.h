#ifndef JEPALAB_LANES_MEASURE_H
#define JEPALAB_LANES_MEASURE_H
#include <cmath>
#include <vector>

#include "cpu/product.h"
#include "lanes.h"

namespace lanes {
/*
 * Loss and amplitudes of one run from its weights in double, for every layout and mode: the population loss of
 * docs/theory.md §1. One Ruler serves runs of one shape; it allocates once, for the
 * first row.
 */
class Ruler {
 public:
  explicit Ruler(const lanes_batch& b)
      : batch_(b), d_(b.features), w_(b.width), o_(b.objective == LANES_JEPA ? b.width : b.features) {}

  /* weights: one run's, as in `lanes_batch.weights`. row: [1 + d], the loss and the amplitudes. */
  void measure(int run, const double* weights, double* row) {
    if (product_.empty()) unfold();
    const double* next = climb(weights);
    loss(run, next, row);
    amplitudes(run, row + 1);
  }

 private:
  using V = Vec<double>;
  using Mat = Matrix<V, 1>;
  using Buffer = std::vector<double>;

  void unfold() {
    for (auto* m : {&product_, &carried_}) m->resize(size(w_, d_));
    output_.resize(size(o_, d_));
    spread_.resize(size(w_, d_));
    data_.resize(size(d_, d_));
  }

  static int columns(int n) { return (n + V::width - 1) / V::width; }
  static std::size_t size(int rows, int cols) { return static_cast<std::size_t>(rows) * columns(cols) * V::width; }
  static Mat matrix(Buffer& b, int cols) { return {b.data(), columns(cols)}; }

  /* Copies a dense matrix to padded rows. */
  static Mat padded(Buffer& to, const double* from, int rows, int cols) {
    const int ld = columns(cols) * V::width;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) to[static_cast<std::size_t>(r) * ld + c] = from[static_cast<std::size_t>(r) * cols + c];
      for (int c = cols; c < ld; c++) to[static_cast<std::size_t>(r) * ld + c] = 0;
    }
    return matrix(to, cols);
  }

  using Left = View<double, 0, 1>;

  static void multiply(int m, int cols, int k, Left a, Mat b, Mat to) {
    chain<Mat, 0, 0>(0, m, columns(cols), k, a, b.right(), FromZero<Mat>{}, Store<Mat>{to});
  }

  /* W̄ into product_. @returns where V begins */
  const double* climb(const double* weights) {
    padded(product_, weights, w_, d_);
    const double* at = weights + static_cast<std::size_t>(w_) * d_;
    for (int a = 2; a <= batch_.depth; a++, at += static_cast<std::size_t>(w_) * w_) {
      multiply(w_, d_, w_, Left{at, w_, 1}, matrix(product_, d_), matrix(carried_, d_));
      product_.swap(carried_);
    }
    return at;
  }

  void loss(int run, const double* decoder, double* out) {
    const std::size_t dd = static_cast<std::size_t>(d_) * d_;
    const double* sxx = batch_.sxx + static_cast<std::size_t>(run) * d_;
    const double* syy = batch_.syy + run * dd;
    const bool full = batch_.form == LANES_FULL;
    const double* syx = batch_.syx + run * (full ? dd : static_cast<std::size_t>(d_));
    const int ld = columns(d_) * V::width;
    multiply(o_, d_, w_, Left{decoder, w_, 1}, matrix(product_, d_), matrix(output_, d_));
    const bool jepa = batch_.objective == LANES_JEPA;
    if (jepa && full) multiply(w_, d_, d_, matrix(product_, d_).left(), padded(data_, syx, d_, d_), matrix(carried_, d_));
    double square = 0, cross = 0;
    for (int i = 0; i < o_; i++) {
      for (int j = 0; j < d_; j++) {
        const std::size_t at = static_cast<std::size_t>(i) * ld + j;
        const double p = output_[at];
        square += p * p * sxx[j];
        if (jepa) {
          cross += p * (full ? carried_[at] : product_[at] * syx[j]);
        } else if (full) {
          cross += p * syx[static_cast<std::size_t>(i) * d_ + j];
        } else if (i == j) {
          cross += p * syx[j];
        }
      }
    }
    *out = 0.5 * (square - 2 * cross + target(jepa, syy, ld));
  }

  /* tr(W̄ Syy W̄') or tr Syy. */
  double target(bool jepa, const double* syy, int ld) {
    double sum = 0;
    if (!jepa) {
      for (int i = 0; i < d_; i++) sum += syy[static_cast<std::size_t>(i) * d_ + i];
      return sum;
    }
    multiply(w_, d_, d_, matrix(product_, d_).left(), padded(data_, syy, d_, d_), matrix(spread_, d_));
    for (int i = 0; i < w_; i++)
      for (int j = 0; j < d_; j++) sum += product_[static_cast<std::size_t>(i) * ld + j] * spread_[static_cast<std::size_t>(i) * ld + j];
    return sum;
  }

  void amplitudes(int run, double* out) {
    const int ld = columns(d_) * V::width;
    Buffer* seen = &product_;
    if (batch_.directions != nullptr) {
      const double* directions = batch_.directions + static_cast<std::size_t>(run) * d_ * d_;
      multiply(w_, d_, d_, matrix(product_, d_).left(), padded(data_, directions, d_, d_), matrix(carried_, d_));
      seen = &carried_;
    }
    for (int j = 0; j < d_; j++) {
      double sum = 0;
      for (int i = 0; i < w_; i++) {
        const double x = (*seen)[static_cast<std::size_t>(i) * ld + j];
        sum = std::fma(x, x, sum);
      }
      out[j] = std::sqrt(sum);
    }
  }

  const lanes_batch& batch_;
  const int d_, w_, o_;
  Buffer product_, carried_, output_, spread_, data_;
};
}  // namespace lanes
#endif
