#ifndef JEPALAB_LANES_FLOW_PATH_STEPPER_H
#define JEPALAB_LANES_FLOW_PATH_STEPPER_H
#include <cmath>
#include <limits>
#include <vector>

#include "flow/nodes.h"
#include "flow/series.h"
#include "flow/stepper.h"

namespace lanes {
/*
 * An exponential Rosenbrock method of order 10 for runs that fall into paths (paths.h). On each path the
 * Jacobian J is stiff in one direction alone: at a fixed point it is -k g h' with the velocity's direction g,
 * and 0 on what the flow conserves. So take v = J theta / |J theta| on the path, K = v'J v, and split
 *
 *   theta' = F(theta_n) + K v v'(theta - theta_n) + D,   D = O((theta - theta_n)^2) near the stiff direction,
 *
 * solve the linear part exactly and interpolate D by polynomials with a double zero at the start (nodes.h):
 * first from the linear solution at 2 nodes, then from what comes of it at 3, 4 and 5. Each round gains two
 * orders. The last two rounds' difference, at the end and in the middle, is the error. A step is as long as
 * the accuracy allows, however stiff learned features are, and costs 19 evaluations. D is taken from the F
 * and K in use, so rounding in K is no error of the solution. Literature: Hochbruck and Ostermann,
 * Exponential integrators, Acta Numerica 2010, sections 2.3 and 2.4.
 */
class PathStepper final : public Stepper {
 public:
  static constexpr int rounds = 4;
  static constexpr int powers = largest_nodes + 1; /* I_0, I_2 ... I_(s+1) */

  void use(Field *field, const FlowData &data, std::vector<std::ptrdiff_t> paths, double tolerance) {
    field_ = field;
    index_ = std::move(paths);
    length_ = data.depth + 1;
    count_ = static_cast<int>(index_.size()) / length_;
    tolerance_ = tolerance;
    full_.assign(data.size(), 0.0);
    out_.assign(data.size(), 0.0);
    for (auto *b : {&start_, &speed_, &slow_, &axis_, &end_, &move_, &before_, &middle_})
      b->assign(index_.size(), 0.0);
    for (auto &c : coefficient_) c.assign(index_.size(), 0.0);
    for (auto &v : value_) v.assign(index_.size(), 0.0);
    for (auto &a : along_) a.assign(count_, 0.0);
    for (auto *b : {&rate_, &push_, &size_}) b->assign(count_, 0.0);
  }

  void stand(const double *theta, const double *velocity) override {
    theta_ = theta;
    gather(theta, start_);
    gather(velocity, speed_);
    axes();
    limit_ = std::numeric_limits<double>::infinity();
    for (int b = 0; b < count_; b++) {
      double push = 0, size = 0;
      for (int e = b * length_; e < (b + 1) * length_; e++) {
        push += axis_[e] * speed_[e];
        size = std::fmax(size, std::fabs(start_[e]));
      }
      push_[b] = push;
      size_[b] = size;
      for (int e = b * length_; e < (b + 1) * length_; e++) slow_[e] = speed_[e] - push * axis_[e];
      /* On its way to a fixed point, while the square of the way left counts, a path is followed. */
      const double left = push / (rate_[b] * size);
      if (rate_[b] < 0 && left * left > tolerance_) limit_ = std::fmin(limit_, -longest_decay / rate_[b]);
    }
  }

  double attempt(double h) override {
    h_ = h;
    terms_ = 0;
    for (int round = 0; round < rounds; round++) {
      const Nodes &nodes = collocation[round];
      for (int i = 0; i < nodes.count; i++) {
        nonlinear(nodes.node[i], value_[i]);
        if (cancelled()) return 0;
      }
      if (round == rounds - 1) {
        displace(1, before_);
        displace(middle, middle_);
      }
      interpolate(nodes);
    }
    displace(middle, move_);
    for (std::size_t e = 0; e < index_.size(); e++) middle_[e] -= move_[e];
    displace(1, move_);
    double worst = 0;
    for (int b = 0; b < count_; b++) {
      for (int e = b * length_; e < (b + 1) * length_; e++) {
        end_[e] = start_[e] + move_[e];
        const double gap = std::fmax(std::fabs(move_[e] - before_[e]), weight * std::fabs(middle_[e]));
        const double ratio = gap / (tolerance_ * size_[b] + least);
        if (!(ratio <= worst)) worst = ratio;
      }
    }
    for (std::size_t e = 0; e < index_.size(); e++) full_[index_[e]] = end_[e];
    return std::isnan(worst) ? std::numeric_limits<double>::infinity() : worst;
  }

  const double *end() const override { return full_.data(); }

  void inside(double x, double *theta) override {
    displace(x, before_);
    for (std::size_t e = 0; e < index_.size(); e++) theta[index_[e]] = start_[e] + before_[e];
  }

  double longest() const override { return limit_; }
  int order() const override { return 2 * rounds + 1; }

 private:
  using Buffer = std::vector<double>;
  static constexpr double inverse[] = {
      0,        1,        1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,  1.0 / 7,  1.0 / 8,  1.0 / 9,
      1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15, 1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19,
      1.0 / 20, 1.0 / 21, 1.0 / 22, 1.0 / 23, 1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27, 1.0 / 28, 1.0 / 29};
  /* Where within the step the error is looked at too, and how much of it counts: for what is read inside. */
  static constexpr double middle = 0.5, weight = 0.1;
  static constexpr double longest_decay = 8;
  static constexpr double least = std::numeric_limits<double>::min();

  void gather(const double *from, Buffer &to) const {
    for (std::size_t e = 0; e < index_.size(); e++) to[e] = from[index_[e]];
  }

  /* v and K of every path, all by the same two derivatives: paths do not see one another. */
  void axes() {
    field_->derivative(theta_, theta_, out_.data());
    for (auto &x : full_) x = 0;
    for (int b = 0; b < count_; b++) {
      double largest = 0, square = 0;
      for (int e = b * length_; e < (b + 1) * length_; e++)
        largest = std::fmax(largest, std::fabs(out_[index_[e]]));
      for (int e = b * length_; e < (b + 1) * length_; e++) {
        axis_[e] = largest > 0 ? out_[index_[e]] / largest : 0;
        square += axis_[e] * axis_[e];
      }
      const double norm = std::sqrt(square);
      for (int e = b * length_; e < (b + 1) * length_; e++)
        full_[index_[e]] = axis_[e] = norm > 0 ? axis_[e] / norm : 0;
    }
    field_->derivative(theta_, full_.data(), out_.data());
    for (int b = 0; b < count_; b++) {
      rate_[b] = 0;
      for (int e = b * length_; e < (b + 1) * length_; e++) rate_[b] += axis_[e] * out_[index_[e]];
    }
    evaluations += 4;
  }

  /* h D at the fraction x, of the solution as the polynomial of now has it. */
  void nonlinear(double x, Buffer &to) {
    displace(x, move_);
    for (std::size_t e = 0; e < index_.size(); e++) full_[index_[e]] = start_[e] + move_[e];
    field_->velocity(full_.data(), out_.data());
    evaluations += 1;
    for (int b = 0; b < count_; b++) {
      double along = 0;
      for (int e = b * length_; e < (b + 1) * length_; e++) along += axis_[e] * move_[e];
      along *= h_ * rate_[b];
      for (int e = b * length_; e < (b + 1) * length_; e++)
        to[e] = h_ * (out_[index_[e]] - speed_[e]) - along * axis_[e];
    }
  }

  /* coefficient_[j] of x^(j + 2) in h D, split in what lies along v and the rest. */
  void interpolate(const Nodes &nodes) {
    terms_ = nodes.count;
    for (int j = 0; j < terms_; j++) {
      Buffer &c = coefficient_[j];
      for (std::size_t e = 0; e < index_.size(); e++) {
        double sum = 0;
        for (int i = 0; i < terms_; i++) sum += nodes.power[j][i] * value_[i][e];
        c[e] = sum;
      }
      for (int b = 0; b < count_; b++) {
        double along = 0;
        for (int e = b * length_; e < (b + 1) * length_; e++) along += axis_[e] * c[e];
        along_[j][b] = along;
        for (int e = b * length_; e < (b + 1) * length_; e++) c[e] -= along * axis_[e];
      }
    }
  }

  /* to = theta(x) - theta_n. */
  void displace(double x, Buffer &to) const {
    double integral[powers];
    for (int b = 0; b < count_; b++) {
      responses(x, h_ * rate_[b], terms_, integral);
      double along = integral[0] * (h_ * push_[b]);
      for (int j = 0; j < terms_; j++) along += integral[j + 1] * along_[j][b];
      for (int e = b * length_; e < (b + 1) * length_; e++) {
        double rest = 0;
        for (int j = terms_ - 1; j >= 0; j--) rest = x * (rest + coefficient_[j][e] * inverse[j + 3]);
        to[e] = axis_[e] * along + x * (h_ * slow_[e] + x * rest);
      }
    }
  }

  /* out[0] = I_0 and out[j + 1] = I_(j + 2), j < terms: I_p = integral over s from 0 to x of e^((x - s) z)
   * s^p. */
  static void responses(double x, double z, int terms, double *out) {
    const double y = x * z;
    const int top = terms + 1;
    if (std::fabs(y) < 2) {
      /* I_p = x^(p + 1) q_p: a series for the highest q, then q_(p-1) = (1 + y q_p) / p. */
      double sum = 1;
      for (int k = 22; k >= 1; k--) sum = 1 + sum * y * inverse[top + 1 + k];
      double q = sum * inverse[top + 1], raised[powers + 2];
      raised[0] = 1;
      for (int p = 0; p <= top; p++) raised[p + 1] = raised[p] * x;
      for (int p = top; p >= 0; p--) {
        if (p != 1) out[p == 0 ? 0 : p - 1] = raised[p + 1] * q;
        if (p > 0) q = (1 + y * q) * inverse[p];
      }
      return;
    }
    double last = (exponential(y) - 1) / z, scale = 1;
    out[0] = last;
    for (int p = 1; p <= top; p++) {
      scale *= x;
      last = (p * last - scale) / z;
      if (p > 1) out[p - 1] = last;
    }
  }

  Field *field_ = nullptr;
  const double *theta_ = nullptr;
  std::vector<std::ptrdiff_t> index_;
  int length_ = 0, count_ = 0, terms_ = 0;
  double tolerance_ = 0, limit_ = 0, h_ = 0;
  Buffer full_, out_;                       /* [weights] */
  Buffer start_, speed_, slow_, axis_, end_, move_, before_, middle_; /* [paths][depth + 1] */
  Buffer rate_, push_, size_;               /* [paths] K, v'F, largest weight */
  Buffer value_[largest_nodes], coefficient_[largest_nodes], along_[largest_nodes];
};
}  // namespace lanes
#endif
