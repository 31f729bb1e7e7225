#ifndef JEPALAB_LANES_FLOW_GRADIENT_H
#define JEPALAB_LANES_FLOW_GRADIENT_H
#include <cmath>
#include <cstddef>
#include <vector>

#include "lanes.h"

namespace lanes {
/* One run's data and shape, as in lanes_batch. */
struct FlowData {
  int objective, depth, features, width, outputs;
  bool full;         /* syx is [d][d] */
  const double *sxx; /* [d] */
  const double *syx; /* [d] or [d][d] */

  /* Where W^a starts, a from 0; `depth` is the decoder and depth + 1 the end. */
  std::ptrdiff_t start(int a) const {
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(width) * features;
    const std::ptrdiff_t square = static_cast<std::ptrdiff_t>(width) * width;
    if (a == 0) return 0;
    if (a <= depth) return first + (a - 1) * square;
    return start(depth) + static_cast<std::ptrdiff_t>(outputs) * width;
  }
  std::ptrdiff_t size() const { return start(depth + 1); }
};

/* The velocity F = -d loss/d theta of the flow and its derivative, for weights laid out as in lanes_batch. */
class Field {
 public:
  virtual ~Field() = default;
  virtual void use(const FlowData &data) = 0;
  /* out = F(theta), one evaluation. */
  virtual void velocity(const double *theta, double *out) = 0;
  /* out = F'(theta) v, worth two evaluations. */
  virtual void derivative(const double *theta, const double *v, double *out) = 0;
  /*
   * The squares of the amplitudes [d], and where v is given half of what they change by along v. directions:
   * [d][d], column i is feature i; NULL: the axes.
   */
  virtual void look(const double *theta, const double *v, const double *directions, double *square,
                    double *slope) = 0;
  /*
   * F = B E with E(theta) the residual [o][d] and B(theta) its way back to the weights. What is stiff in F'
   * is B E': `settle` stands at theta, which must stay, until the next call; `gather` is out = E' v there,
   * `spread` out = B e.
   */
  virtual void settle(const double *theta) = 0;
  virtual void gather(const double *v, double *out) = 0;
  virtual void spread(const double *e, double *out) = 0;
};

/*
 * F by the chains of native/lanes/README.md, every element fma over rising k. N is d = w where the compiler
 * knows it, 0 where it does not. An entry that only zeros lead to comes out as an exact zero.
 */
template <int N>
class Gradient final : public Field {
 public:
  void use(const FlowData &data) override {
    data_ = data;
    const std::size_t wd = static_cast<std::size_t>(w()) * d();
    for (auto *set : {&product_, &moving_, &settled_}) {
      set->resize(data.depth);
      for (auto &p : *set) p.resize(wd);
    }
    const std::size_t rows = static_cast<std::size_t>(o() > w() ? o() : w()) * d();
    for (auto *b : {&residual_, &shift_, &target_, &back_, &next_, &back_shift_, &next_shift_})
      b->resize(rows);
    turned_.resize(wd);
  }

  void velocity(const double *theta, double *out) override {
    climb(theta);
    residual(theta + data_.start(data_.depth), top(theta), target_.data(), residual_.data());
    back(theta, out);
  }

  void look(const double *theta, const double *v, const double *directions, double *square,
            double *slope) override {
    climb(theta);
    if (v != nullptr) move(theta, v);
    const double *seen = top(theta), *moving = moving_[data_.depth - 1].data();
    if (directions != nullptr) {
      times<false>(w(), d(), d(), seen, directions, back_.data());
      seen = back_.data();
      if (v != nullptr) times<false>(w(), d(), d(), moving, directions, next_.data());
      moving = next_.data();
    }
    const auto dot = [this](const double *a, const double *b, double *out) {
      for (int j = 0; j < d(); j++) out[j] = 0;
      for (int i = 0; i < w(); i++)
        for (int j = 0; j < d(); j++) out[j] = __builtin_fma(a[i * d() + j], b[i * d() + j], out[j]);
    };
    dot(seen, seen, square);
    if (v != nullptr) dot(seen, moving, slope);
  }

  void settle(const double *theta) override {
    climb(theta);
    product_.swap(settled_);
    stand_ = theta;
  }

  void gather(const double *v, double *out) override {
    product_.swap(settled_);
    move(stand_, v);
    residual_shift(stand_ + data_.start(data_.depth), v + data_.start(data_.depth), stand_);
    for (int i = 0; i < o() * d(); i++) out[i] = shift_[i];
    product_.swap(settled_);
  }

  void spread(const double *e, double *out) override {
    product_.swap(settled_);
    for (int i = 0; i < o() * d(); i++) residual_[i] = e[i];
    back(stand_, out);
    product_.swap(settled_);
  }

  void derivative(const double *theta, const double *v, double *out) override {
    climb(theta);
    move(theta, v);
    const int l = data_.depth;
    const double *decoder = theta + data_.start(l), *tilt = v + data_.start(l);
    residual(decoder, top(theta), target_.data(), residual_.data());
    residual_shift(decoder, tilt, theta);
    double *to = out + data_.start(l);
    turn(top(theta));
    times<false>(o(), d(), w(), shift_.data(), turned_.data(), to);
    turn(moving_[l - 1].data());
    times<true>(o(), d(), w(), residual_.data(), turned_.data(), to);
    under(w(), o(), decoder, residual_.data(), back_.data(), false);
    under(w(), o(), tilt, residual_.data(), back_shift_.data(), false);
    under(w(), o(), decoder, shift_.data(), back_shift_.data(), true);
    for (int a = l - 1; a >= 1; a--) {
      to = out + data_.start(a);
      turn(below(theta, a));
      times<false>(w(), d(), w(), back_shift_.data(), turned_.data(), to);
      turn(moving_[a - 1].data());
      times<true>(w(), d(), w(), back_.data(), turned_.data(), to);
      under(w(), w(), theta + data_.start(a), back_.data(), next_.data(), false);
      under(w(), w(), v + data_.start(a), back_.data(), next_shift_.data(), false);
      under(w(), w(), theta + data_.start(a), back_shift_.data(), next_shift_.data(), true);
      back_.swap(next_);
      back_shift_.swap(next_shift_);
    }
    for (int i = 0; i < w() * d(); i++) out[i] = back_shift_[i];
  }

 private:
  using Buffer = std::vector<double>;
  struct Left {
    const double *at;
    std::ptrdiff_t down, along;
    Left from(int i) const { return {at + i * down, down, along}; }
  };
  int d() const { return N > 0 ? N : data_.features; }
  int w() const { return N > 0 ? N : data_.width; }
  int o() const { return N > 0 ? N : data_.outputs; }

  /* out [m][n] (+)= a [m][k] b [k][n] */
  template <bool Add>
  static void times(int m, int k, int n, const double *a, const double *b, double *out) {
    multiply<Add>(m, k, n, Left{a, N > 0 ? N : k, 1}, b, out);
  }

  /* out [m][d] (+)= a' b for a [k][m], b [k][d] */
  void under(int m, int k, const double *a, const double *b, double *out, bool add) const {
    const Left turned = {a, 1, N > 0 ? N : m};
    if (add) {
      multiply<true>(m, k, d(), turned, b, out);
    } else {
      multiply<false>(m, k, d(), turned, b, out);
    }
  }

  /* Element (i, p) of a lies at a[i * down + p * along]. Tiles of 4 rows and 16 columns keep the sums in
   * registers. */
  template <bool Add>
  static void multiply(int m, int k, int n, Left a, const double *b, double *out) {
    if constexpr (N > 0) {
      for (int i = 0; i < N; i++) tile<Add, 1, N>(N, N, a.from(i), b, out + i * N);
    } else {
      int i = 0;
      for (; i + 4 <= m; i += 4) band<Add, 4>(k, n, a.from(i), b, out + static_cast<std::ptrdiff_t>(i) * n);
      for (; i < m; i++) band<Add, 1>(k, n, a.from(i), b, out + static_cast<std::ptrdiff_t>(i) * n);
    }
  }

  template <bool Add, int Rows>
  static void band(int k, int n, Left a, const double *b, double *out) {
    int j = 0;
    for (; j + 16 <= n; j += 16) tile<Add, Rows, 16>(k, n, a, b + j, out + j);
    for (; j + 4 <= n; j += 4) tile<Add, Rows, 4>(k, n, a, b + j, out + j);
    for (; j < n; j++) tile<Add, Rows, 1>(k, n, a, b + j, out + j);
  }

  template <bool Add, int Rows, int Cols>
  static void tile(int k, int n, Left a, const double *b, double *out) {
    double sum[Rows][Cols];
    for (int i = 0; i < Rows; i++)
      for (int j = 0; j < Cols; j++) sum[i][j] = Add ? out[static_cast<std::ptrdiff_t>(i) * n + j] : 0.0;
    for (int p = 0; p < k; p++, b += n) {
      for (int i = 0; i < Rows; i++) {
        const double x = a.at[i * a.down + p * a.along];
        for (int j = 0; j < Cols; j++) sum[i][j] = __builtin_fma(x, b[j], sum[i][j]);
      }
    }
    for (int i = 0; i < Rows; i++)
      for (int j = 0; j < Cols; j++) out[static_cast<std::ptrdiff_t>(i) * n + j] = sum[i][j];
  }

  /* product_[a] = W^(a+1) ... W^1; the first is W^1 itself and is not copied. */
  void climb(const double *theta) {
    for (int a = 1; a < data_.depth; a++)
      times<false>(w(), w(), d(), theta + data_.start(a), below(theta, a), product_[a].data());
  }
  /* out = B residual_ */
  void back(const double *theta, double *out) {
    const int l = data_.depth;
    turn(top(theta));
    times<false>(o(), d(), w(), residual_.data(), turned_.data(), out + data_.start(l));
    under(w(), o(), theta + data_.start(l), residual_.data(), back_.data(), false);
    for (int a = l - 1; a >= 1; a--) {
      turn(below(theta, a));
      times<false>(w(), d(), w(), back_.data(), turned_.data(), out + data_.start(a));
      under(w(), w(), theta + data_.start(a), back_.data(), next_.data(), false);
      back_.swap(next_);
    }
    for (int i = 0; i < w() * d(); i++) out[i] = back_[i];
  }

  /* moving_: the products' change along v */
  void move(const double *theta, const double *v) {
    for (int i = 0; i < w() * d(); i++) moving_[0][i] = v[i];
    for (int a = 1; a < data_.depth; a++) {
      times<false>(w(), w(), d(), v + data_.start(a), below(theta, a), moving_[a].data());
      times<true>(w(), w(), d(), theta + data_.start(a), moving_[a - 1].data(), moving_[a].data());
    }
  }
  const double *below(const double *theta, int a) const { return a == 1 ? theta : product_[a - 1].data(); }
  const double *top(const double *theta) const { return below(theta, data_.depth); }

  /* turned_ [d][w] = m' */
  void turn(const double *m) {
    for (int i = 0; i < w(); i++)
      for (int j = 0; j < d(); j++) turned_[j * w() + i] = m[i * d() + j];
  }

  /* W-bar Syx, JEPA */
  void aim(const double *product, double *to) const {
    if (data_.full) {
      times<false>(w(), d(), d(), product, data_.syx, to);
      return;
    }
    for (int i = 0; i < w(); i++)
      for (int j = 0; j < d(); j++) to[i * d() + j] = product[i * d() + j] * data_.syx[j];
  }

  /* out = T - U Sxx, the residual of native/lanes/README.md with its sign turned */
  void residual(const double *decoder, const double *product, double *target, double *out) const {
    times<false>(o(), w(), d(), decoder, product, out);
    if (data_.objective == LANES_JEPA) aim(product, target);
    for (int i = 0; i < o(); i++) {
      for (int j = 0; j < d(); j++) {
        const int at = i * d() + j;
        double t;
        if (data_.objective == LANES_JEPA) {
          t = target[at];
        } else {
          t = data_.full ? data_.syx[at] : (i == j ? data_.syx[j] : 0.0);
        }
        out[at] = __builtin_fma(-out[at], data_.sxx[j], t);
      }
    }
  }

  /* shift_ = dT - dU Sxx along a tilt of the decoder and the moving product */
  void residual_shift(const double *decoder, const double *tilt, const double *theta) {
    const double *moving = moving_[data_.depth - 1].data();
    times<false>(o(), w(), d(), tilt, top(theta), shift_.data());
    times<true>(o(), w(), d(), decoder, moving, shift_.data());
    const bool jepa = data_.objective == LANES_JEPA;
    if (jepa) aim(moving, target_.data());
    for (int i = 0; i < o(); i++)
      for (int j = 0; j < d(); j++) {
        const int at = i * d() + j;
        shift_[at] = __builtin_fma(-shift_[at], data_.sxx[j], jepa ? target_[at] : 0.0);
      }
  }

  FlowData data_{};
  const double *stand_ = nullptr;
  std::vector<Buffer> product_, moving_, settled_;
  Buffer residual_, shift_, target_, back_, next_, back_shift_, next_shift_, turned_;
};
}  // namespace lanes
#endif
