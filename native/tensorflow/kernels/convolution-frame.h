#ifndef JEPALAB_KERNELS_CONVOLUTION_FRAME_H
#define JEPALAB_KERNELS_CONVOLUTION_FRAME_H
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "convolution-vector.h"
#include "convolution.h"

namespace kernels {
/* Floats of one's own, all zero. @throws std::bad_alloc */
class Floats {
 public:
  explicit Floats(std::size_t size) : at_(static_cast<float*>(std::calloc(size + 32, sizeof(float)))) {
    if (at_ == nullptr) throw std::bad_alloc();
  }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;
  ~Floats() { std::free(at_); }
  /* On a cache line. */
  float* get() const { return at_ + (-reinterpret_cast<std::uintptr_t>(at_) / sizeof(float)) % 16; }

 private:
  float* at_;
};

/* to[i] = the slope by what went into the activation, for slopes `from`. */
template <Activation A>
LANES_INLINE void turn_row(const float* from, const float* results, float* to, int n) {
  const auto one = [=](int i) {
    const Wide slopes = Wide::load(from + i);
    if constexpr (A == Activation::linear) return slopes;
    return sloped<A>(Wide::load(results + i), slopes);
  };
  if (n >= Wide::width) {
    for (int i = 0; i < n - Wide::width; i += Wide::width) one(i).store(to + i);
    one(n - Wide::width).store(to + n - Wide::width);
    return;
  }
  for (int i = 0; i < n; i++) {
    const float g = from[i];
    if constexpr (A == Activation::linear) to[i] = g;
    if constexpr (A == Activation::relu) to[i] = results[i] <= 0 ? 0 : g;
    if constexpr (A == Activation::tanh) to[i] = g * __builtin_fmaf(-results[i], results[i], 1.0f);
  }
}

/* Rows of n slopes, `from_ld` and `to_ld` floats apart, as turn_row. */
inline void turn(const float* from, const Slope& slope, int rows, int n, std::ptrdiff_t from_ld, float* to,
                 std::ptrdiff_t to_ld) {
  with(slope.activation, [&](auto kind) {
    for (int r = 0; r < rows; r++) turn_row<kind.value>(from + r * from_ld, slope.results + r * from_ld, to + r * to_ld, n);
  });
}

/* A picture [height][width][channels] as it lies among zeros, or as much of it as the frame shows. */
struct Frame {
  int height, width, channels;
  int top, left;
  int framed_height, framed_width;

  std::ptrdiff_t pitch() const { return std::ptrdiff_t{1} * framed_width * channels; }
  std::ptrdiff_t size() const { return framed_height * pitch(); }

  /* Into `to`, whose zeros around the picture are there already. */
  void fill(const float* picture, const Slope& slope, float* to) const {
    const int rows = std::min(height, framed_height - top);
    const int columns = std::min(width, framed_width - left) * channels;
    const std::ptrdiff_t ld = std::ptrdiff_t{1} * width * channels;
    turn(picture, slope, rows, columns, ld, to + top * pitch() + left * channels, pitch());
  }
};
}  // namespace kernels
#endif
