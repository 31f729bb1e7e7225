#ifndef JEPALAB_LANES_FLOW_RADAU_H
#define JEPALAB_LANES_FLOW_RADAU_H
#include <cmath>
#include <limits>
#include <vector>

#include "flow/low-rank.h"
#include "flow/radau-table.h"
#include "flow/stepper.h"

namespace lanes {
/*
 * Radau IIA of S stages for what is stiff: order 2S - 1, S + 1 inside the step. The stages' equations are
 * solved by Newton's iteration with B E' at the start in place of F' (low-rank.h). What that leaves out is
 * not stiff, so that (S + 1) / 2 small systems [o d][o d] are all it takes whatever the number of weights.
 * Literature: Hairer and Wanner, Stiff differential equations solved by Radau methods, J. Comput. Appl. Math.
 * 1999.
 */
template <int S>
class Radau final : public Stepper {
 public:
  void use(Field *field, const FlowData &data, double tolerance, double floor) {
    field_ = field;
    size_ = data.size();
    tolerance_ = tolerance;
    floor_ = tolerance * floor;
    low_.use(field, data);
    for (auto *set : {&move_, &speed_, &turned_})
      for (int i = 0; i < S; i++) set[0][i].resize(size_);
    for (auto *b : {&end_, &trial_, &gap_, &unit_}) b->resize(size_);
    systems_.resize(1 + S / 2);
  }

  void stand(const double *theta, const double *velocity) override {
    theta_ = theta;
    velocity_ = velocity;
    low_.stand(theta);
    evaluations += 2 * low_.rank(); /* a column as a Jacobian-vector product */
  }

  double attempt(double h) override {
    h_ = h;
    constexpr double never = std::numeric_limits<double>::infinity();
    const double *value = Table::value;
    algebra += low_.factoring() * (1 + 4 * (S / 2));
    for (int k = 0; k <= S / 2; k++) {
      const double re = h * value[k == 0 ? 0 : 2 * k - 1], im = k == 0 ? 0 : h * value[2 * k];
      if (!low_.factor(re, im, systems_[k])) return never;
      if (cancelled()) return 0;
    }
    for (std::ptrdiff_t e = 0; e < size_; e++) unit_[e] = floor_ + tolerance_ * std::fabs(theta_[e]);
    for (int i = 0; i < S; i++)
      for (std::ptrdiff_t e = 0; e < size_; e++) move_[i][e] = turned_[i][e] = 0, speed_[i][e] = velocity_[e];
    double before = 0;
    for (int round = 0;; round++) {
      const double change = improve();
      if (!(change < never)) return never;
      const double rate = round > 0 ? change / before : 1;
      if (round > 0 && change * rate <= enough * (1 - rate)) break;
      if (change < least) break;
      if (round == most_rounds || (round > 2 && rate > slowest)) return lost;
      before = change;
      for (int i = 0; i < S; i++) {
        for (std::ptrdiff_t e = 0; e < size_; e++) trial_[e] = theta_[e] + move_[i][e];
        field_->velocity(trial_.data(), speed_[i].data());
        evaluations++;
        if (cancelled()) return 0;
      }
    }
    for (std::ptrdiff_t e = 0; e < size_; e++) end_[e] = theta_[e] + move_[S - 1][e];
    return error();
  }

  const double *end() const override { return end_.data(); }

  void inside(double x, double *theta) override {
    double weight[S];
    for (int i = 0; i < S; i++) {
      const double c = Table::node[i];
      weight[i] = x / c;
      for (int j = 0; j < S; j++)
        if (j != i) weight[i] *= (x - Table::node[j]) / (c - Table::node[j]);
    }
    for (std::ptrdiff_t e = 0; e < size_; e++) {
      double sum = 0;
      for (int i = 0; i < S; i++) sum += weight[i] * move_[i][e];
      theta[e] = theta_[e] + sum;
    }
  }

  double longest() const override { return std::numeric_limits<double>::infinity(); }
  int order() const override { return S + 1; }

 private:
  using Buffer = std::vector<double>;
  using Table = RadauTable<S>;
  /* In units of the tolerance: what Newton's iteration may leave, and what is rounding. */
  static constexpr double enough = 0.02, least = 1e-4;
  static constexpr int most_rounds = 15;
  static constexpr double slowest = 0.6, lost = 1e4;

  /* One iteration with the stages' velocities as they are. @returns by how much the stages moved, in units */
  double improve() {
    algebra += S * low_.solving();
    /* turned = into move. The residual h value (into speed) - turned, solved block by block, is added to it.
     */
    Buffer *gap = speed_;
    for (std::ptrdiff_t e = 0; e < size_; e++) {
      double from[S];
      for (int i = 0; i < S; i++) from[i] = speed_[i][e];
      for (int i = 0; i < S; i++) {
        double sum = 0;
        for (int j = 0; j < S; j++) sum += Table::into[i][j] * from[j];
        gap[i][e] = sum;
      }
    }
    const double *value = Table::value;
    for (std::ptrdiff_t e = 0; e < size_; e++) gap[0][e] = h_ * value[0] * gap[0][e] - turned_[0][e];
    low_.solve(systems_[0], gap[0].data(), nullptr);
    for (int k = 1; k <= S / 2; k++) {
      const double x = h_ * value[2 * k - 1], y = h_ * value[2 * k];
      double *re = gap[2 * k - 1].data(), *im = gap[2 * k].data();
      for (std::ptrdiff_t e = 0; e < size_; e++) {
        const double a = re[e], b = im[e];
        re[e] = x * a - y * b - turned_[2 * k - 1][e];
        im[e] = y * a + x * b - turned_[2 * k][e];
      }
      low_.solve(systems_[k], re, im);
    }
    double worst = 0;
    for (std::ptrdiff_t e = 0; e < size_; e++) {
      for (int j = 0; j < S; j++) turned_[j][e] += gap[j][e];
      for (int i = 0; i < S; i++) {
        double sum = 0;
        for (int j = 0; j < S; j++) sum += Table::back[i][j] * gap[j][e];
        move_[i][e] += sum;
        const double ratio = std::fabs(sum) / unit_[e];
        if (!(ratio <= worst)) worst = ratio;
      }
    }
    return std::isnan(worst) ? std::numeric_limits<double>::infinity() : worst;
  }

  /* What the polynomial fails the equation by at the start, where it fails it most, spread over the step. */
  double error() {
    for (std::ptrdiff_t e = 0; e < size_; e++) {
      double sum = -h_ * velocity_[e];
      for (int i = 0; i < S; i++) sum += Table::slope[i] * move_[i][e];
      gap_[e] = sum;
    }
    low_.solve(systems_[0], gap_.data(), nullptr);
    double worst = 0;
    for (std::ptrdiff_t e = 0; e < size_; e++) {
      const double unit = floor_ + tolerance_ * std::fmax(std::fabs(theta_[e]), std::fabs(end_[e]));
      const double ratio = Table::share * std::fabs(gap_[e]) / unit;
      if (!(ratio <= worst)) worst = ratio;
    }
    return std::isnan(worst) ? std::numeric_limits<double>::infinity() : worst;
  }

  Field *field_ = nullptr;
  LowRank low_;
  std::vector<LowRank::System> systems_;
  const double *theta_ = nullptr, *velocity_ = nullptr;
  std::ptrdiff_t size_ = 0;
  double tolerance_ = 0, floor_ = 0, h_ = 0;
  Buffer move_[S], speed_[S], turned_[S], end_, trial_, gap_, unit_;
};
}  // namespace lanes
#endif
