/*
 * Maps of images. Element (oh, ow, f) is one chain over the window in the order (kh, kw, c), the zeros around the image
 * among its terms. An item is one run's piece of a batch.
 */
#include <vector>

#include "convolution-rows.h"
#include "convolution-windows.h"

namespace kernels {
namespace {
std::vector<Place> windows_of(const Shape& s, const Frame& frame, int64_t images) {
  std::vector<Place> places;
  places.reserve(static_cast<std::size_t>(images * s.map_height() * s.map_width()));
  for (int64_t g = 0; g < images; g++)
    for (int oh = 0; oh < s.map_height(); oh++)
      for (int ow = 0; ow < s.map_width(); ow++) {
        const std::ptrdiff_t from = g * frame.size() + oh * s.stride * frame.pitch() + ow * s.stride * s.channels;
        const std::ptrdiff_t to = g * s.map() + (oh * s.map_width() + ow) * s.filters;
        places.push_back({static_cast<int32_t>(from), static_cast<int32_t>(to), 0, s.filters});
      }
  return places;
}
}  // namespace

void gather(const Shape& s, const float* image, Slope slope, const float* filter, Finish finish, float* map) {
  const Frame frame = image_frame(s);
  const int run_length = s.kernel_width * s.channels, of_each = s.map_height() * s.map_width();
  const Windows windows{s.kernel_height, run_length, frame.pitch(), s.filters, whole(s.filters)};
  const int64_t at_once = pictures_at_once(s.batch, of_each, frame.size());
  const std::vector<Place> places = windows_of(s, frame, at_once);
  const int64_t piece = pictures_of_item(s, at_once);
  const int64_t pieces = (s.batch + piece - 1) / piece;
  const double products = 1.0 * s.runs * s.batch * of_each * s.kernel_height * run_length * whole(s.filters);
  share_with_memory(s.runs * pieces, products / Wide::width, [&](int64_t item) {
    const int64_t run = item / pieces, end = std::min(s.batch, (item % pieces + 1) * piece);
    const WholeRows filters(s.kernel_height * run_length, s.filters), biases(1, s.filters);
    const float* const own = filters.of(filter + run * s.filter());
    const float* const bias = biases.of(finish.bias == nullptr ? nullptr : finish.bias + run * s.filters);
    const Floats framed(at_once * frame.size());
    for (int64_t b = item % pieces * piece; b < end; b += at_once) {
      const int images = static_cast<int>(std::min(at_once, end - b));
      const std::ptrdiff_t first = run * s.batch + b;
      for (int g = 0; g < images; g++) {
        const std::ptrdiff_t at = (first + g) * s.image();
        frame.fill(image + at, slope.from(at), framed.get() + g * frame.size());
      }
      const Target target{map + first * s.map(), 0, bias, finish.activation, true};
      sum_pictures(windows, framed.get(), frame.size(), images, places.data(), of_each, own, target, s.map());
    }
  });
}
}  // namespace kernels
