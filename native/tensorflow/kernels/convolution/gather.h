#ifndef JEPALAB_KERNELS_CONVOLUTION_GATHER_H
#define JEPALAB_KERNELS_CONVOLUTION_GATHER_H
#include <vector>

#include "convolution/chains.h"

/*
 * Maps of images. Element (oh, ow, f) is one chain over the window in the order (kh, kw, c), the zeros around the image
 * among its terms.
 */
namespace kernels {
/* Rows of `lanes` floats as rows of whole vectors; where they are that already, the very floats. */
class WholeRows {
 public:
  WholeRows(std::ptrdiff_t rows, int lanes)
      : rows_(rows), lanes_(lanes), own_(whole(lanes) == lanes ? 0 : rows * whole(lanes)) {}

  const float* of(const float* from) const {
    if (from == nullptr || whole(lanes_) == lanes_) return from;
    for (std::ptrdiff_t r = 0; r < rows_; r++)
      std::copy_n(from + r * lanes_, lanes_, own_.get() + r * whole(lanes_));
    return own_.get();
  }

 private:
  std::ptrdiff_t rows_;
  int lanes_;
  Floats own_;
};

/* The zeros of SAME, and no more of the image than windows see. */
inline Frame frame_of(const Shape& s) {
  return {s.height, s.width, s.channels, s.top(), s.left(), (s.map_height() - 1) * s.stride + s.kernel_height,
          (s.map_width() - 1) * s.stride + s.kernel_width};
}

/* Small images are taken several at a time, so that few tiles are cut short. */
inline int together(const Shape& s, std::ptrdiff_t places, std::ptrdiff_t framed) {
  constexpr std::ptrdiff_t enough = 128, cache = 6144;
  const std::ptrdiff_t most = std::min<std::ptrdiff_t>(s.batch, cache / framed);
  return static_cast<int>(std::max<std::ptrdiff_t>(1, std::min((enough + places - 1) / places, most)));
}

inline std::vector<Place> windows_of(const Shape& s, const Frame& frame, int images) {
  std::vector<Place> places;
  for (int g = 0; g < images; g++)
    for (int oh = 0; oh < s.map_height(); oh++)
      for (int ow = 0; ow < s.map_width(); ow++) {
        const std::ptrdiff_t from = g * frame.size() + oh * s.stride * frame.pitch() + ow * s.stride * s.channels;
        const std::ptrdiff_t to = g * s.map() + (oh * s.map_width() + ow) * s.filters;
        places.push_back({static_cast<int32_t>(from), static_cast<int32_t>(to), 0, s.filters});
      }
  return places;
}

inline void gather(const Shape& s, const float* image, Slope slope, const float* filter, Finish finish, float* map) {
  const Frame frame = frame_of(s);
  const int rows = s.kernel_width * s.channels, at_once = together(s, s.map() / s.filters, frame.size());
  const std::vector<Place> places = windows_of(s, frame, at_once);
  const WholeRows filters(s.kernel_height * rows, s.filters), biases(1, s.filters);
  const Windows windows{s.kernel_height, rows, frame.pitch(), s.filters, whole(s.filters)};
  const Floats framed(at_once * frame.size());
  for (int64_t run = 0; run < s.runs; run++) {
    const float* const own = filters.of(filter + run * s.filter());
    const float* const bias = biases.of(finish.bias == nullptr ? nullptr : finish.bias + run * s.filters);
    for (int64_t b = 0; b < s.batch; b += at_once) {
      const int images = static_cast<int>(std::min<int64_t>(at_once, s.batch - b));
      const std::ptrdiff_t first = run * s.batch + b;
      for (int g = 0; g < images; g++)
        frame.fill(image + (first + g) * s.image(), slope.from((first + g) * s.image()), framed.get() + g * frame.size());
      const int n = static_cast<int>(places.size() / at_once) * images;
      sum_windows(windows, framed.get(), places.data(), n, own, {map + first * s.map(), bias, finish.activation});
    }
  }
}
}  // namespace kernels
#endif
