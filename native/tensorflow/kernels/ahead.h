#ifndef JEPALAB_KERNELS_AHEAD_H
#define JEPALAB_KERNELS_AHEAD_H
/*
 * What a thread will read soon, asked for into its second cache while it multiplies: what another thread or the last step
 * put into the third cache takes long to come. A few lines at each tile of a product are hidden behind it; many at once
 * would fill the buffers that its own loads need.
 */
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernels {
class Ahead {
 public:
  /* This thread's. */
  static Ahead& here();

  void clear() { stretches_.clear(), next_ = 0, at_ = end_ = nullptr; }
  void add(const float* from, int64_t floats) { stretches_.push_back({from, from + floats}); }

  /* At a tile. */
  void step() {
    if (at_ < end_ || begin_next()) {
      for (int k = 0; k < lines; k++) __builtin_prefetch(at_ + k * line, 0, 2);
      at_ += lines * line;
    }
  }

 private:
  static constexpr int lines = 12;
  static constexpr std::ptrdiff_t line = 64 / sizeof(float);
  struct Stretch {
    const float *from, *end;
  };
  bool begin_next() {
    if (next_ == stretches_.size()) return false;
    at_ = stretches_[next_].from, end_ = stretches_[next_].end, next_++;
    return true;
  }
  std::vector<Stretch> stretches_;
  std::size_t next_ = 0;
  const float *at_ = nullptr, *end_ = nullptr;
};
}  // namespace kernels
#endif
