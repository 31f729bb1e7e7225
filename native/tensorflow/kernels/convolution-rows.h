#ifndef JEPALAB_KERNELS_CONVOLUTION_ROWS_H
#define JEPALAB_KERNELS_CONVOLUTION_ROWS_H
#include <atomic>

#include "convolution-frame.h"
#include "crew.h"

namespace kernels {
/* share(), whose items may run out of memory. @throws std::bad_alloc, on this thread */
template <class Work>
void share_with_memory(int64_t items, double cycles, const Work& work) {
  std::atomic<bool> is_short{false};
  share(items, cycles, [&](int64_t item) {
    try {
      work(item);
    } catch (const std::bad_alloc&) {
      is_short = true;
    }
  });
  if (is_short) throw std::bad_alloc();
}

/* Pictures with their zeros that one tile of windows goes over: of small ones several pairs, so that few tiles are cut short. */
inline int64_t pictures_at_once(int64_t batch, std::ptrdiff_t places, std::ptrdiff_t framed) {
  constexpr std::ptrdiff_t enough = 64, cache = 3072;  // places; floats of half of the pictures
  const std::ptrdiff_t pairs = std::max<std::ptrdiff_t>(1, std::min((enough + places - 1) / places, cache / framed));
  return std::min<int64_t>(batch, 2 * pairs);
}

/* How many of a run's pictures are one item: there are some four items for each thread. */
inline int64_t pictures_of_item(const Shape& s, int64_t at_once) {
  const int64_t wanted = (4 * crew_size() + s.runs - 1) / s.runs, groups = (s.batch + at_once - 1) / at_once;
  return (groups + wanted - 1) / wanted * at_once;
}

/* Rows of `lanes` floats as rows of whole vectors; where they are that already, the very floats. */
class WholeRows {
 public:
  WholeRows(std::ptrdiff_t rows, int lanes)
      : rows_(rows), lanes_(lanes), own_(whole(lanes) == lanes ? 0 : rows * whole(lanes)) {}

  /* NULL stays NULL. */
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

/* The zeros of SAME around an image, and no more of it than windows see. */
inline Frame image_frame(const Shape& s) {
  return {s.height, s.width, s.channels, s.top(), s.left(), (s.map_height() - 1) * s.stride + s.kernel_height,
          (s.map_width() - 1) * s.stride + s.kernel_width};
}
}  // namespace kernels
#endif
