#ifndef JEPALAB_LANES_MLP_ACTIVATION_H
#define JEPALAB_LANES_MLP_ACTIVATION_H
#include "mlp/tanh.h"
#include "mlp/tiles.h"

namespace lanes {
struct Tanh {
  static constexpr bool is_long = true;
  LANES_INLINE Vec<float> turned(Vec<float> z, std::ptrdiff_t) const { return hyperbolic_tangent(z); }
};

/* 0 where z ≤ 0; a NaN stays one. */
struct Relu {
  static constexpr bool is_long = false;
  LANES_INLINE Vec<float> turned(Vec<float> z, std::ptrdiff_t) const {
    return keep(at_most(z, Vec<float>::zero()), Vec<float>::zero(), z);
  }
};

/* The gradient by a layer's results becomes that by its z. h: the results, laid out as c. */
struct TanhSlope {
  static constexpr bool is_long = false;
  const float* h;
  LANES_INLINE Vec<float> turned(Vec<float> g, std::ptrdiff_t at) const {
    const Vec<float> y = Vec<float>::load(h + at);
    return g * fnma(y, y, Vec<float>::broadcast(1));
  }
};

struct ReluSlope {
  static constexpr bool is_long = false;
  const float* h;
  LANES_INLINE Vec<float> turned(Vec<float> g, std::ptrdiff_t at) const {
    return keep(at_most(Vec<float>::load(h + at), Vec<float>::zero()), Vec<float>::zero(), g);
  }
};
}  // namespace lanes
#endif
