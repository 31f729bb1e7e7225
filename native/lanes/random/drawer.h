#ifndef JEPALAB_LANES_DRAWER_H
#define JEPALAB_LANES_DRAWER_H
#include <algorithm>
#include <optional>
#include <type_traits>

#include "random/braid.h"
#include "random/moments.h"

namespace lanes {
/* Draws for the runs of a Net, update after update, where there are draws for its layout. */
template <class V, int Runs, int D>
class Drawer {
 public:
  explicit Drawer(const lanes_batch& b) : rows_(b.rows) {}

  /* seeds, steps: [Runs], of the update that is drawn next. */
  void begin(const int64_t* seeds, const int64_t* steps) {
    std::copy_n(seeds, Runs, seeds_);
    std::copy_n(steps, Runs, steps_);
  }

  void draw(Net<V, Runs, D>& net) {
    if constexpr (std::is_same_v<V, Vec<typename V::Real>> && (Runs == 1 || Runs == V::width))
      draw_moments<V, Runs, D>(net, seeds_, steps_, rows_);
    for (int64_t& step : steps_) step++;
  }

 private:
  const int rows_;
  int64_t seeds_[Runs], steps_[Runs];
};

#if defined(LANES_ISA_AVX512)
template <>
class Drawer<Vec<float>, BraidFactors::runs, BraidFactors::d> {
 public:
  explicit Drawer(const lanes_batch& b) : rows_(b.rows) {}
  void begin(const int64_t* seeds, const int64_t* steps) { factors_.emplace(seeds, steps, rows_); }
  void draw(Net<Vec<float>, BraidFactors::runs, BraidFactors::d>& net) {
    factors_->draw(net.nu, net.lower.at, net.upper.at, net.kick.at);
  }

 private:
  const int rows_;
  std::optional<BraidFactors> factors_;
};
#endif
}  // namespace lanes
#endif
