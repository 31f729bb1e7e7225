#ifndef JEPALAB_LANES_MLP_STEP_H
#define JEPALAB_LANES_MLP_STEP_H
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

#include "mlp/net.h"
#include "mlp/rows.h"
#include "mlp/tanh.h"
#include "mlp/tiles.h"
#include "mlp/turn.h"

namespace lanes {
/* One update of one run: the batch, the way forward, the way back. The arithmetic is in README.md. */
class MlpStep {
 public:
  /* `share` is the learning rate over the rows, rounded once. */
  MlpStep(const MlpNet& net, float share) : net_(net), share_(V::broadcast(share)) {}

  /* Copies the rows that `net.chosen` names. */
  void gather(const float* x, int nx, const float* y, int ny) const {
    for (int i = 0; i < net_.rows; i++) {
      const std::ptrdiff_t row = net_.chosen[i];
      std::memcpy(net_.x + i * std::ptrdiff_t{net_.ld_x}, x + row * nx, sizeof(float) * nx);
      std::memcpy(net_.y + i * std::ptrdiff_t{net_.ld_y}, y + row * ny, sizeof(float) * ny);
    }
  }

  /* The way forward. @returns the batch's loss, exactly so where `exact`, else a finite number where it is one. */
  double forward(bool exact) const {
    const float* target = net_.y;
    int ld = net_.ld_y;
    if (net_.jepa) {
      for (int l = 0; l < net_.layers; l++) {
        float* to = net_.gradient[l % 2];
        through(net_.layer[l], target, to);
        target = to;
        ld = net_.layer[l].ld_out;
      }
    }
    for (int l = 0; l < net_.layers; l++) through(net_.layer[l], net_.input_of(l), net_.layer[l].result);
    residual(target, ld);
    return loss(exact);
  }

  void backward() const {
    for (int l = net_.layers; l >= 0; l--) {
      const Layer& of = net_.layer[l];
      const float* g = gradient_of(l);
      if (l > 0) back(of, net_.layer[l - 1], g, gradient_of(l - 1));
      update(of, net_.input_of(l), g);
    }
  }

 private:
  using V = Vec<float>;
  static constexpr int W = V::width;

  /* ∂/∂z of a layer. The JEPA target lies in gradient[(layers − 1) % 2] until the residual takes it. */
  float* gradient_of(int l) const { return net_.gradient[l % 2]; }

  static LANES_INLINE V derivative(int activation, V h, V g) {
    if (activation == LANES_TANH) return g * fnma(h, h, V::broadcast(1));
    if (activation == LANES_RELU) return keep(at_most(h, V::zero()), V::zero(), g);
    return g;
  }

  void through(const Layer& of, const float* from, float* to) const {
    const int ld = of.ld_out;
    const auto out = [=](int i, int j, V z) { z.store(to + i * std::ptrdiff_t{ld} + j * W); };
    const auto after = [&](int i, int rows, int j, int columns) {
      if (of.activation == LANES_LINEAR) return;
      for (int r = i; r < i + rows; r++) {
        float* at = to + r * std::ptrdiff_t{ld} + j * W;
        for (int c = 0; c < columns; c++, at += W) {
          const V z = V::load(at);
          if (of.activation == LANES_TANH) {
            hyperbolic_tangent(z).store(at);
          } else {
            keep(at_most(z, V::zero()), V::zero(), z).store(at);
          }
        }
      }
    };
    product(of, from, out, after);
  }

  template <class Out, class After>
  LANES_INLINE void product(const Layer& of, const float* from, Out out, After after) const {
    const View<float> left{from, of.ld_in, 1}, right{of.down, of.ld_out, W};
    const int n = (of.out + W - 1) / W;
    if (of.bias != nullptr) {
      tiles(net_.rows, n, of.in, left, right, [&](int j) { return V::load(of.bias + j * W); }, out, after);
    } else {
      tiles(net_.rows, n, of.in, left, right, [](int) { return V::zero(); }, out, after);
    }
  }

  void residual(const float* target, int ld_target) const {
    const Layer& of = net_.decoder();
    const int ld = of.ld_out;
    float* to = gradient_of(net_.layers);
    product(
        of, net_.input_of(net_.layers),
        [=](int i, int j, V u) {
          (u - V::load(target + i * std::ptrdiff_t{ld_target} + j * W)).store(to + i * std::ptrdiff_t{ld} + j * W);
        },
        [](int, int, int, int) {});
  }

  /* Sixteen partial sums, one a column modulo 16, each of four chains, one a row modulo 4. */
  double loss(bool exact) const {
    const Layer& of = net_.decoder();
    const float* r = gradient_of(net_.layers);
    float part[16];
    for (int lane = 0; lane < 16; lane += W) {
      V sum[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
      for (int i = 0; i < net_.rows; i++) {
        const float* row = r + i * std::ptrdiff_t{of.ld_out} + lane;
        for (int c = lane; c < of.out; c += 16) {
          const V x = V::load(row + c - lane);
          sum[i % 4] = fma(x, x, sum[i % 4]);
        }
      }
      ((sum[0] + sum[1]) + (sum[2] + sum[3])).store(part + lane);
    }
    bool is_finite = true;
    for (int c = 0; c < 16; c++) is_finite &= part[c] <= FLT_MAX;
    if (is_finite && !exact) return 0;
    double total = 0;
    for (int c = 0; c < 16; c++) total += part[c];
    return total / (2.0 * net_.rows);
  }

  void back(const Layer& of, const Layer& below, const float* g, float* to) const {
    const int n = (of.in + W - 1) / W, ld = of.ld_in;
    const float* h = below.result;
    const int activation = below.activation;
    tiles(
        net_.rows, n, of.out, {g, of.ld_out, 1}, {of.up, ld, W}, [](int) { return V::zero(); },
        [=](int i, int j, V x) {
          const std::ptrdiff_t at = i * std::ptrdiff_t{ld} + j * W;
          derivative(activation, V::load(h + at), x).store(to + at);
        },
        [](int, int, int, int) {});
  }

  LANES_INLINE void improve(float* weight, float* carry, V g) const {
    const V w = V::load(weight);
    if (carry == nullptr) return fnma(share_, g, w).store(weight);
    const V y = fnma(share_, g, V::load(carry));
    const V t = w + y;
    (y - (t - w)).store(carry);
    t.store(weight);
  }

  void update(const Layer& of, const float* from, const float* g) const {
    const View<float> below{from, of.ld_in, W}, above{g, of.ld_out, W};
    const View<float> left = of.keeps_up ? View<float>{g, 1, of.ld_out} : View<float>{from, 1, of.ld_in};
    const int n = (of.kept_columns() + W - 1) / W, ld = of.kept_ld();
    float *weight = of.kept(), *carry = of.carry;
    tiles(
        of.kept_rows(), n, net_.rows, left, of.keeps_up ? below : above, [](int) { return V::zero(); },
        [=](int i, int j, V dw) {
          const std::ptrdiff_t at = i * std::ptrdiff_t{ld} + j * W;
          improve(weight + at, carry == nullptr ? nullptr : carry + at, dw);
        },
        [](int, int, int, int) {});
    if (of.up != nullptr) {
      turn(weight, ld, of.kept_rows(), of.kept_columns(), of.keeps_up ? of.down : of.up,
           of.keeps_up ? of.ld_out : of.ld_in);
    }
    if (of.bias == nullptr) return;
    for (int j = 0; j < of.out; j += W) {
      V sum = V::zero();
      for (int i = 0; i < net_.rows; i++) sum = sum + V::load(g + i * std::ptrdiff_t{of.ld_out} + j);
      improve(of.bias + j, of.bias_carry == nullptr ? nullptr : of.bias_carry + j, sum);
    }
  }

  const MlpNet& net_;
  const V share_;
};
}  // namespace lanes
#endif
