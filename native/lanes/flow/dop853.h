#ifndef JEPALAB_LANES_FLOW_DOP853_H
#define JEPALAB_LANES_FLOW_DOP853_H
#include <cmath>
#include <limits>
#include <vector>

#include "flow/dop853-table.h"
#include "flow/stepper.h"

namespace lanes {
/* The explicit pair of order 8 (dop853-table.h): 11 evaluations a step and, where it is looked into, 3 more.
 */
class Dop853 final : public Stepper {
 public:
  /* floor: what counts as one weight's size where it is near zero. */
  void use(Field *field, std::ptrdiff_t size, double tolerance, double floor) {
    field_ = field;
    size_ = size;
    tolerance_ = tolerance;
    floor_ = tolerance * floor;
    for (auto &k : stage_) k.resize(size);
    for (auto &c : dense_) c.resize(size);
    trial_.resize(size);
    end_.resize(size);
  }

  void stand(const double *theta, const double *velocity) override {
    theta_ = theta;
    for (std::ptrdiff_t i = 0; i < size_; i++) stage_[0][i] = velocity[i];
  }

  double attempt(double h) override {
    h_ = h;
    looked_ = false;
    for (int s = 1; s < dop_stages; s++) {
      combine(s, trial_.data());
      field_->velocity(trial_.data(), stage_[s].data());
      if (cancelled()) return 0;
    }
    combine(dop_stages, end_.data());
    field_->velocity(end_.data(), stage_[dop_stages].data());
    evaluations += dop_stages;
    double five = 0, three = 0;
    for (std::ptrdiff_t i = 0; i < size_; i++) {
      double e5 = 0, e3 = 0;
      for (int s = 0; s < dop_stages; s++) {
        e5 += dop_error5[s] * stage_[s][i];
        e3 += dop_error3[s] * stage_[s][i];
      }
      const double unit = floor_ + tolerance_ * std::fmax(std::fabs(theta_[i]), std::fabs(end_[i]));
      e5 = std::fabs(h * e5) / unit;
      e3 = std::fabs(h * e3) / unit;
      if (!(e5 <= five)) five = e5;
      if (!(e3 <= three)) three = e3;
    }
    if (!(five < std::numeric_limits<double>::infinity()) ||
        !(three < std::numeric_limits<double>::infinity()))
      return std::numeric_limits<double>::infinity();
    return five == 0 ? 0 : five * five / std::sqrt(five * five + 0.01 * three * three);
  }

  const double *end() const override { return end_.data(); }
  const double *end_velocity() const override { return stage_[dop_stages].data(); }

  void inside(double x, double *theta) override {
    if (!looked_) look();
    for (std::ptrdiff_t i = 0; i < size_; i++) {
      double y = dense_[6][i] * x;
      y = (y + dense_[5][i]) * (1 - x);
      y = (y + dense_[4][i]) * x;
      y = (y + dense_[3][i]) * (1 - x);
      y = (y + dense_[2][i]) * x;
      y = (y + dense_[1][i]) * (1 - x);
      y = (y + dense_[0][i]) * x;
      theta[i] = theta_[i] + y;
    }
  }

  /* Step times curvature, from the last two stages; stability ends at some 6. */
  double stiffness() const {
    double change = 0, way = 0;
    for (std::ptrdiff_t i = 0; i < size_; i++) {
      const double k = stage_[dop_stages][i] - stage_[dop_stages - 1][i], y = end_[i] - trial_[i];
      change += k * k;
      way += y * y;
    }
    return way > 0 ? h_ * std::sqrt(change / way) : 0;
  }

  double longest() const override { return std::numeric_limits<double>::infinity(); }
  int order() const override { return 8; }

 private:
  using Buffer = std::vector<double>;

  /* to = theta + h (stage combination s). */
  void combine(int s, double *to) const {
    for (std::ptrdiff_t i = 0; i < size_; i++) to[i] = dop_stage[s][0] * stage_[0][i];
    for (int p = 1; p < s; p++) {
      const double weight = dop_stage[s][p];
      if (weight == 0) continue;
      const double *k = stage_[p].data();
      for (std::ptrdiff_t i = 0; i < size_; i++) to[i] += weight * k[i];
    }
    for (std::ptrdiff_t i = 0; i < size_; i++) to[i] = theta_[i] + h_ * to[i];
  }

  void look() {
    for (int s = dop_stages + 1; s < dop_all; s++) {
      combine(s, trial_.data());
      field_->velocity(trial_.data(), stage_[s].data());
    }
    evaluations += dop_all - dop_stages - 1;
    for (std::ptrdiff_t i = 0; i < size_; i++) {
      const double rise = end_[i] - theta_[i];
      dense_[0][i] = rise;
      dense_[1][i] = h_ * stage_[0][i] - rise;
      dense_[2][i] = 2 * rise - h_ * (stage_[dop_stages][i] + stage_[0][i]);
      for (int r = 0; r < 4; r++) {
        double sum = 0;
        for (int s = 0; s < dop_all; s++) sum += dop_dense[r][s] * stage_[s][i];
        dense_[3 + r][i] = h_ * sum;
      }
    }
    looked_ = true;
  }

  Field *field_ = nullptr;
  const double *theta_ = nullptr;
  std::ptrdiff_t size_ = 0;
  double tolerance_ = 0, floor_ = 0, h_ = 0;
  bool looked_ = false;
  Buffer stage_[dop_all], dense_[7], trial_, end_;
};
}  // namespace lanes
#endif
