#ifndef JEPALAB_KERNELS_ACTIVATION_H
#define JEPALAB_KERNELS_ACTIVATION_H
/*
 * What sums go through, and its slope as a function of what comes out: relu 1 where y > 0, else 0; tanh 1 − y². A NaN
 * stays one: relu lets it pass, and so does its slope.
 */
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "cpu/vec.h"
#include "mlp/tanh.h"

namespace kernels {
enum class Activation { linear, relu, tanh };

/* Of an attribute that TensorFlow has held to these three. */
inline Activation activation_of(const std::string& name) {
  return name == "relu" ? Activation::relu : name == "tanh" ? Activation::tanh : Activation::linear;
}

template <Activation kind>
LANES_INLINE lanes::Vec<float> activated(lanes::Vec<float> x) {
  using V = lanes::Vec<float>;
  if constexpr (kind == Activation::relu) return keep(at_most(x, V::zero()), V::zero(), x);
  if constexpr (kind == Activation::tanh) return lanes::hyperbolic_tangent(x);
  return x;
}

/* ∂loss/∂x of y = activated(x), given dy = ∂loss/∂y. */
template <Activation kind>
LANES_INLINE lanes::Vec<float> sloped(lanes::Vec<float> y, lanes::Vec<float> dy) {
  using V = lanes::Vec<float>;
  if constexpr (kind == Activation::relu) return keep(at_most(y, V::zero()), V::zero(), dy);
  if constexpr (kind == Activation::tanh) return dy * fnma(y, y, V::broadcast(1.0f));
  return dy;
}

/* to[0 … n) = the slopes of n elements; for n that is no multiple of the width by a padded vector. */
template <Activation kind>
inline void slope_row(const float* y, const float* dy, float* to, int64_t n) {
  using V = lanes::Vec<float>;
  int64_t i = 0;
  for (; i + V::width <= n; i += V::width) sloped<kind>(V::load(y + i), V::load(dy + i)).store(to + i);
  if (i == n) return;
  alignas(64) float a[V::width] = {}, b[V::width] = {};
  std::memcpy(a, y + i, static_cast<size_t>(n - i) * sizeof(float));
  std::memcpy(b, dy + i, static_cast<size_t>(n - i) * sizeof(float));
  sloped<kind>(V::load(a), V::load(b)).store(a);
  std::memcpy(to + i, a, static_cast<size_t>(n - i) * sizeof(float));
}

/* The slopes by the results of an activation become those by what went into it: `results` as the slopes lie. */
struct Slope {
  const float* results = nullptr;
  Activation activation = Activation::linear;

  /* That of the elements from `at` on. */
  Slope from(std::ptrdiff_t at) const { return {results == nullptr ? nullptr : results + at, activation}; }
  bool is_one() const { return activation == Activation::linear; }
};

/* f(std::integral_constant<Activation, kind>()) for the kind. */
template <class F>
void with(Activation kind, const F& f) {
  if (kind == Activation::relu) return f(std::integral_constant<Activation, Activation::relu>());
  if (kind == Activation::tanh) return f(std::integral_constant<Activation, Activation::tanh>());
  f(std::integral_constant<Activation, Activation::linear>());
}
}  // namespace kernels
#endif
