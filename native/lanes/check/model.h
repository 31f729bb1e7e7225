#ifndef JEPALAB_LANES_CHECK_MODEL_H
#define JEPALAB_LANES_CHECK_MODEL_H
#include <cmath>
#include <cstdint>
#include <vector>

#include "case.h"
#include "digits.h"

/**
 * The arithmetic of native/lanes/README.md, one run, one number at a time: what every library and layout must
 * give to the last bit in descent and with handed batches. Real is float or double.
 */
template <class Real>
class Model {
 public:
  explicit Model(const Shape& shape);

  std::vector<Real> weights, carry, velocity; /* [weights_a_run] */

  /** W̄ and the P of each layer, from `weights`. */
  void forward();
  /** Gradients on sxx [d], syx [d] or [d][d]; after `forward`. */
  void gradient_of_population(const Real* sxx, const Real* syx);
  /** Gradients on a batch's moments, both [d][d]; after `forward`. */
  void gradient_of_batch(const Real* sxx, const Real* syx);
  void update(Real rate, Real momentum);
  /** [d]; after `forward`. `directions` [d][d] or null. */
  std::vector<Real> amplitudes(const Real* directions) const;
  const std::vector<Real>& gradients() const { return gradient_; }
  const Real* product() const { return &products_[(shape_.depth - 1) * size()]; }

 private:
  Shape shape_;
  bool compensated_, whole_;
  int o_;
  std::vector<Real> products_; /* P of each layer [L][w][d] */
  std::vector<Real> u_, residual_, back_, next_, gradient_;

  size_t size() const { return size_t(shape_.width) * shape_.features; }
  Real* layer(std::vector<Real>& of, int a); /* W^a, a from 1; a = L + 1 is V */
  void chain(Real* out, int rows, int columns, int inner, const Real* a, int ai, int ak, const Real* b, int bk,
             int bj) const;
  void backward();
};

/** out[i][j] = sum over rising k of a(i,k) b(k,j), one chain of fma from +0, or in whole numbers; strides in elements. */
template <class Real>
void Model<Real>::chain(Real* out, int rows, int columns, int inner, const Real* a, int ai, int ak, const Real* b,
                        int bk, int bj) const {
  if constexpr (sizeof(Real) == 4)
    if (whole_) return whole_products(out, rows, columns, inner, a, ai, ak, b, bk, bj);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++) {
      Real sum = 0;
      for (int k = 0; k < inner; k++) sum = std::fma(a[i * ai + k * ak], b[k * bk + j * bj], sum);
      out[i * columns + j] = sum;
    }
}

template <class Real>
Model<Real>::Model(const Shape& shape)
    : shape_(shape), compensated_(shape.carries()), whole_(shape.precision == LANES_INT8X3) {
  const int w = shape.width, d = shape.features;
  o_ = shape.decoder_rows();
  products_.resize(size() * shape.depth);
  u_.resize(o_ * d), residual_.resize(o_ * d), back_.resize(w * d), next_.resize(w * d);
  gradient_.resize(w * d + (shape.depth - 1) * w * w + o_ * w);
}

template <class Real>
Real* Model<Real>::layer(std::vector<Real>& of, int a) {
  const int w = shape_.width;
  return of.data() + (a == 1 ? 0 : size() + (a - 2) * size_t(w) * w);
}

template <class Real>
void Model<Real>::forward() {
  const int w = shape_.width, d = shape_.features;
  std::copy(weights.begin(), weights.begin() + size(), products_.begin());
  for (int a = 2; a <= shape_.depth; a++)
    chain(&products_[(a - 1) * size()], w, d, w, layer(weights, a), w, 1, &products_[(a - 2) * size()], d, 1);
  chain(u_.data(), o_, d, w, layer(weights, shape_.depth + 1), w, 1, product(), d, 1);
}

template <class Real>
void Model<Real>::gradient_of_population(const Real* sxx, const Real* syx) {
  const int d = shape_.features;
  const bool full = shape_.form == LANES_FULL;
  std::vector<Real> t(o_ * d);
  if (shape_.objective == LANES_MAE) {
    for (int i = 0; i < d; i++)
      for (int j = 0; j < d; j++) t[i * d + j] = full ? syx[i * d + j] : i == j ? syx[j] : Real(0);
  } else if (full) {
    chain(t.data(), o_, d, d, product(), d, 1, syx, d, 1);
  } else {
    for (int i = 0; i < o_; i++)
      for (int j = 0; j < d; j++) t[i * d + j] = product()[i * d + j] * syx[j];
  }
  for (int i = 0; i < o_; i++)
    for (int j = 0; j < d; j++) residual_[i * d + j] = std::fma(u_[i * d + j], sxx[j], -t[i * d + j]);
  backward();
}

template <class Real>
void Model<Real>::gradient_of_batch(const Real* sxx, const Real* syx) {
  const int d = shape_.features;
  std::vector<Real> t(syx, syx + d * d);
  if (shape_.objective == LANES_JEPA) {
    t.resize(o_ * d);
    chain(t.data(), o_, d, d, product(), d, 1, syx, d, 1);
  }
  chain(residual_.data(), o_, d, d, u_.data(), d, 1, sxx, d, 1);
  for (int i = 0; i < o_ * d; i++) residual_[i] = residual_[i] - t[i];
  backward();
}

template <class Real>
void Model<Real>::backward() {
  const int w = shape_.width, d = shape_.features, L = shape_.depth;
  chain(layer(gradient_, L + 1), o_, w, d, residual_.data(), d, 1, product(), 1, d);
  chain(back_.data(), w, d, o_, layer(weights, L + 1), 1, w, residual_.data(), d, 1);
  for (int a = L; a >= 2; a--) {
    chain(layer(gradient_, a), w, w, d, back_.data(), d, 1, &products_[(a - 2) * size()], 1, d);
    chain(next_.data(), w, d, w, layer(weights, a), 1, w, back_.data(), d, 1);
    back_.swap(next_);
  }
  std::copy(back_.begin(), back_.end(), gradient_.begin());
}

template <class Real>
void Model<Real>::update(Real rate, Real momentum) {
  for (size_t i = 0; i < weights.size(); i++) {
    Real g = gradient_[i];
    if (!velocity.empty()) g = velocity[i] = std::fma(momentum, velocity[i], g);
    if (compensated_) {
      const Real y = std::fma(-rate, g, carry[i]);
      const Real t = weights[i] + y;
      carry[i] = y - (t - weights[i]);
      weights[i] = t;
    } else {
      weights[i] = std::fma(-rate, g, weights[i]);
    }
  }
}

template <class Real>
std::vector<Real> Model<Real>::amplitudes(const Real* directions) const {
  const int w = shape_.width, d = shape_.features;
  std::vector<Real> y(product(), product() + size()), found(d);
  if (directions != nullptr) chain(y.data(), w, d, d, product(), d, 1, directions, d, 1);
  for (int j = 0; j < d; j++) {
    Real sum = 0;
    for (int i = 0; i < w; i++) sum = std::fma(y[i * d + j], y[i * d + j], sum);
    found[j] = std::sqrt(sum);
  }
  return found;
}
#endif
