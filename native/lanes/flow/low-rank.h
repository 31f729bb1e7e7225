#ifndef JEPALAB_LANES_FLOW_LOW_RANK_H
#define JEPALAB_LANES_FLOW_LOW_RANK_H
#include <cmath>
#include <utility>
#include <vector>

#include "flow/gradient.h"

namespace lanes {
/*
 * Solves (1 - z B E') x = r for the stiff part B E' of F' at one theta and a real or complex z. B E' has rank
 * o d at most: x = r + z B (1 - z E' B)^-1 E' r, so that o d rows are all that is ever factored.
 */
class LowRank {
 public:
  /* z, and 1 - z E' B in triangles with the order of its rows. Real where im is 0. */
  struct System {
    double re = 0, im = 0;
    std::vector<double> a, b; /* [rank][rank], real and imaginary part */
    std::vector<int> row;
  };

  void use(Field *field, const FlowData &data) {
    field_ = field;
    rank_ = data.outputs * data.features;
    inner_.resize(static_cast<std::size_t>(rank_) * rank_);
    for (auto *b : {&left_, &right_, &unit_}) b->resize(rank_);
    way_.resize(data.size());
    product_ = 6.0 * data.depth * data.width * data.width * data.features;
  }

  /* Forms E' B at theta. */
  void stand(const double *theta) {
    field_->settle(theta);
    for (int k = 0; k < rank_; k++) unit_[k] = 0;
    for (int k = 0; k < rank_; k++) {
      unit_[k] = 1;
      field_->spread(unit_.data(), way_.data());
      unit_[k] = 0;
      field_->gather(way_.data(), left_.data());
      for (int i = 0; i < rank_; i++) inner_[at(i, k)] = left_[i];
    }
  }
  int rank() const { return rank_; }
  /* What a real `factor`, and `solve` for one vector, cost in evaluations of F. */
  double factoring() const { return 2.0 / 3 * rank_ * rank_ * rank_ / product_; }
  double solving() const { return 4.0 / 3 + 4.0 * rank_ * rank_ / product_; }

  /* @returns false where the system is singular */
  bool factor(double re, double im, System &to) const {
    to.re = re, to.im = im;
    to.a.resize(inner_.size());
    to.row.resize(rank_);
    for (int i = 0; i < rank_; i++) to.row[i] = i;
    for (int i = 0; i < rank_; i++)
      for (int k = 0; k < rank_; k++) to.a[at(i, k)] = (i == k) - re * inner_[at(i, k)];
    if (im == 0) return triangles(to);
    to.b.resize(inner_.size());
    for (std::size_t i = 0; i < inner_.size(); i++) to.b[i] = -im * inner_[i];
    return complex_triangles(to);
  }

  /* r becomes x; the imaginary part is NULL for a real system. */
  void solve(const System &by, double *re, double *im) {
    field_->gather(re, left_.data());
    if (im == nullptr) {
      substitute(by);
      for (int i = 0; i < rank_; i++) left_[i] *= by.re;
    } else {
      field_->gather(im, right_.data());
      complex_substitute(by);
      for (int i = 0; i < rank_; i++) {
        const double x = left_[i], y = right_[i];
        left_[i] = by.re * x - by.im * y;
        right_[i] = by.im * x + by.re * y;
      }
      add(right_, im);
    }
    add(left_, re);
  }

 private:
  using Buffer = std::vector<double>;
  std::size_t at(int i, int k) const { return static_cast<std::size_t>(i) * rank_ + k; }

  void add(const Buffer &e, double *to) {
    field_->spread(e.data(), way_.data());
    for (std::size_t i = 0; i < way_.size(); i++) to[i] += way_[i];
  }

  bool triangles(System &s) const {
    for (int k = 0; k < rank_; k++) {
      int best = k;
      for (int i = k + 1; i < rank_; i++)
        if (std::fabs(s.a[at(i, k)]) > std::fabs(s.a[at(best, k)])) best = i;
      if (!(std::fabs(s.a[at(best, k)]) > 0)) return false;
      exchange(s, k, best, false);
      for (int i = k + 1; i < rank_; i++) {
        const double f = s.a[at(i, k)] /= s.a[at(k, k)];
        if (f == 0) continue;
        subtract(rank_ - k - 1, f, &s.a[at(k, k) + 1], &s.a[at(i, k) + 1]);
      }
    }
    return true;
  }

  bool complex_triangles(System &s) const {
    const auto size = [&](int i, int k) { return std::fabs(s.a[at(i, k)]) + std::fabs(s.b[at(i, k)]); };
    for (int k = 0; k < rank_; k++) {
      int best = k;
      for (int i = k + 1; i < rank_; i++)
        if (size(i, k) > size(best, k)) best = i;
      if (!(size(best, k) > 0)) return false;
      exchange(s, k, best, true);
      const double p = s.a[at(k, k)], q = s.b[at(k, k)], square = p * p + q * q;
      for (int i = k + 1; i < rank_; i++) {
        const double x = s.a[at(i, k)], y = s.b[at(i, k)];
        const double f = s.a[at(i, k)] = (x * p + y * q) / square,
                     g = s.b[at(i, k)] = (y * p - x * q) / square;
        if (f == 0 && g == 0) continue;
        subtract(rank_ - k - 1, f, g, &s.a[at(k, k) + 1], &s.b[at(k, k) + 1], &s.a[at(i, k) + 1],
                 &s.b[at(i, k) + 1]);
      }
    }
    return true;
  }

  /* to -= f from, four at a time so that they go side by side. */
  static void subtract(int count, double f, const double *__restrict from, double *__restrict to) {
    for (; count >= 4; count -= 4, from += 4, to += 4)
      for (int j = 0; j < 4; j++) to[j] -= f * from[j];
    for (int j = 0; j < count; j++) to[j] -= f * from[j];
  }
  /* a + ib -= (f + ig) (u + iv) */
  static void subtract(int count, double f, double g, const double *__restrict u, const double *__restrict v,
                       double *__restrict a, double *__restrict b) {
    for (; count >= 4; count -= 4, u += 4, v += 4, a += 4, b += 4) {
      for (int j = 0; j < 4; j++) {
        a[j] -= f * u[j] - g * v[j];
        b[j] -= f * v[j] + g * u[j];
      }
    }
    for (int j = 0; j < count; j++) {
      a[j] -= f * u[j] - g * v[j];
      b[j] -= f * v[j] + g * u[j];
    }
  }

  void exchange(System &s, int k, int with, bool both) const {
    if (k == with) return;
    std::swap(s.row[k], s.row[with]);
    for (int j = 0; j < rank_; j++) {
      std::swap(s.a[at(k, j)], s.a[at(with, j)]);
      if (both) std::swap(s.b[at(k, j)], s.b[at(with, j)]);
    }
  }

  /* left_ = the system's solution for left_ */
  void substitute(const System &s) {
    for (int i = 0; i < rank_; i++) unit_[i] = left_[s.row[i]];
    for (int i = 0; i < rank_; i++) {
      double sum = unit_[i];
      for (int j = 0; j < i; j++) sum -= s.a[at(i, j)] * unit_[j];
      unit_[i] = sum;
    }
    for (int i = rank_ - 1; i >= 0; i--) {
      double sum = unit_[i];
      for (int j = i + 1; j < rank_; j++) sum -= s.a[at(i, j)] * left_[j];
      left_[i] = sum / s.a[at(i, i)];
    }
  }

  void complex_substitute(const System &s) {
    for (int i = 0; i < rank_; i++) unit_[i] = left_[s.row[i]];
    for (int i = 0; i < rank_; i++) left_[i] = right_[s.row[i]];
    right_.swap(left_); /* unit_ + i right_ */
    for (int i = 0; i < rank_; i++) {
      double x = unit_[i], y = right_[i];
      for (int j = 0; j < i; j++) {
        x -= s.a[at(i, j)] * unit_[j] - s.b[at(i, j)] * right_[j];
        y -= s.a[at(i, j)] * right_[j] + s.b[at(i, j)] * unit_[j];
      }
      unit_[i] = x, right_[i] = y;
    }
    for (int i = rank_ - 1; i >= 0; i--) {
      double x = unit_[i], y = right_[i];
      for (int j = i + 1; j < rank_; j++) {
        x -= s.a[at(i, j)] * left_[j] - s.b[at(i, j)] * right_[j];
        y -= s.a[at(i, j)] * right_[j] + s.b[at(i, j)] * left_[j];
      }
      const double p = s.a[at(i, i)], q = s.b[at(i, i)], square = p * p + q * q;
      left_[i] = (x * p + y * q) / square;
      right_[i] = (y * p - x * q) / square;
    }
  }

  Field *field_ = nullptr;
  int rank_ = 0;
  double product_ = 1; /* flops of an evaluation */
  Buffer inner_, left_, right_, unit_, way_;
};
}  // namespace lanes
#endif
