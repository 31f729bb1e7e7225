#ifndef JEPALAB_LANES_MLP_STEP_H
#define JEPALAB_LANES_MLP_STEP_H
#include <cfloat>
#include <cmath>
#include <limits>

#include "mlp/activation.h"
#include "mlp/net.h"
#include "mlp/rows.h"

namespace lanes {
/* One update of one run: the batch, the way forward, the way back. The arithmetic is in README.md. */
template <bool Compensated>
class MlpStep {
 public:
  /* `share` is the learning rate over the rows, rounded once. */
  MlpStep(const MlpNet& net, float share) : net_(net), share_(V::broadcast(share)) {}

  /* Copies the rows that `net.chosen` names of x [N][nx] and y [N][ny]. */
  void gather(const float* x, int nx, const float* y, int ny) const {
    choose(x, nx, net_.x, net_.ld_x);
    choose(y, ny, net_.y, net_.ld_y);
  }

  /* The way forward. @returns the batch's loss, exactly so where `exact`, else a finite number where it is
   * one */
  double forward(bool exact) const {
    const float* target = net_.y;
    int ld = net_.ld_y;
    for (int l = 0; net_.jepa && l < net_.layers; l++) {
      float* to = net_.gradient[l % 2];
      through(l, target, to, false);
      target = to;
      ld = net_.layer[l].ld_out;
    }
    for (int l = 0; l <= net_.layers; l++) {
      through(l, net_.input_of(l), l < net_.layers ? net_.layer[l].result : gradient_of(l), true);
    }
    return residual(target, ld, exact);
  }

  void backward() const {
    for (int l = net_.layers; l >= 0; l--) {
      const Layer& of = net_.layer[l];
      const float* g = gradient_of(l);
      update(of, net_.input_of(l), g);
      if (l > 0) back(of, net_.layer[l - 1], g, gradient_of(l - 1));
    }
  }

 private:
  using V = Vec<float>;
  static constexpr int W = V::width;
  static int vectors(int n) { return (n + W - 1) / W; }

  /* ∂/∂z of a layer, and what the decoder gives. In jepa the target lies in the other one until the residual
   * is taken. */
  float* gradient_of(int l) const { return net_.gradient[l % 2]; }

  LANES_INLINE void choose(const float* from, int n, float* to, int ld) const {
    const int whole = n / W * W;
    for (int c = 0; c < whole; c += W)
      for (int i = 0; i < net_.rows; i++)
        V::load(from + net_.chosen[i] * std::ptrdiff_t{n} + c).store(to + i * std::ptrdiff_t{ld} + c);
    for (int i = 0; i < net_.rows && whole < n; i++)
      for (int c = whole; c < n; c++)
        to[i * std::ptrdiff_t{ld} + c] = from[net_.chosen[i] * std::ptrdiff_t{n} + c];
  }

  /* Through a layer; `mirrors`: what the next one needs for the way back is made beside, in the waits of the activation. */
  void through(int l, const float* from, float* to, bool mirrors) const {
    const Layer& of = net_.layer[l];
    const int n = vectors(of.out), ld = of.ld_out;
    Turning<V> beside;
    if (mirrors && l < net_.layers) beside = net_.layer[l + 1].mirroring(tiles_of(net_.rows, n));
    const Rows left{from, of.ld_in}, right{of.down, ld};
    if (of.activation == LANES_TANH) forth(net_.rows, n, of.in, left, right, of.bias, to, ld, Tanh{}, beside);
    if (of.activation == LANES_RELU) forth(net_.rows, n, of.in, left, right, of.bias, to, ld, Relu{}, beside);
    if (of.activation == LANES_LINEAR) forth(net_.rows, n, of.in, left, right, of.bias, to, ld, Plain{}, beside);
    beside.finish();
  }

  /*
   * Takes the target off what the decoder gave. The loss is the sum of sixteen parts, one a column modulo 16,
   * each of four chains, one a row modulo 4.
   */
  double residual(const float* target, int ld_target, bool exact) const {
    const Layer& of = net_.decoder();
    float* u = gradient_of(net_.layers);
    float part[16];
    for (int lane = 0; lane < 16; lane += W) {
      V sum[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
      for (int c = lane; c < of.out; c += 16) {
        const auto take = [&](int i, V& chain) {
          float* at = u + i * std::ptrdiff_t{of.ld_out} + c;
          const V r = V::load(at) - V::load(target + i * std::ptrdiff_t{ld_target} + c);
          r.store(at);
          chain = fma(r, r, chain);
        };
        int i = 0;
        for (; i + 4 <= net_.rows; i += 4)
#pragma GCC unroll 4
          for (int r = 0; r < 4; r++) take(i + r, sum[r]);
        for (int r = 0; i + r < net_.rows; r++) take(i + r, sum[r]);
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
    const int n = vectors(of.in), ld = of.ld_in;
    const Rows left{g, of.ld_out}, right{of.up, ld};
    const float* h = below.result;
    Turning<V> beside;
    if (below.activation == LANES_TANH)
      forth(net_.rows, n, of.out, left, right, nullptr, to, ld, TanhSlope{h}, beside);
    if (below.activation == LANES_RELU)
      forth(net_.rows, n, of.out, left, right, nullptr, to, ld, ReluSlope{h}, beside);
    if (below.activation == LANES_LINEAR) forth(net_.rows, n, of.out, left, right, nullptr, to, ld, Plain{}, beside);
  }

  /* Vectors side by side: their carries are stored before their weights. */
  template <int Vectors>
  LANES_INLINE void improve(float* weight, float* carry, const V (&g)[Vectors]) const {
    V now[Vectors], rest[Vectors];
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j++) {
      const V w = V::load(weight + j * W);
      if (!Compensated) {
        now[j] = fnma(share_, g[j], w);
      } else {
        const V y = fnma(share_, g[j], V::load(carry + j * W));
        now[j] = w + y;
        rest[j] = y - (now[j] - w);
      }
    }
#pragma GCC unroll 4
    for (int j = 0; Compensated && j < Vectors; j++) rest[j].store(carry + j * W);
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j++) now[j].store(weight + j * W);
  }

  void update(const Layer& of, const float* from, const float* g) const {
    const int ld = of.ld_out;
    float *weight = of.down, *carry = of.carry;
    down(
        of.in, vectors(of.out), net_.rows, Rows{from, of.ld_in}, Rows{g, ld},
        [=](int i, int j, const auto& dw) __attribute__((always_inline)) {
          const std::ptrdiff_t at = i * std::ptrdiff_t{ld} + j;
          improve(weight + at, carry + at, dw);
        },
        of.bias != nullptr, [=](int j, V sum) {
          const V dbias[1] = {sum};
          improve(of.bias + j, of.bias_carry + j, dbias);
        });
  }

  const MlpNet& net_;
  const V share_;
};
}  // namespace lanes
#endif
