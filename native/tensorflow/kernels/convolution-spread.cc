/*
 * Images of maps. Element (ih, iw, c) is one chain in the order (oh, ow, f) over the places of the map whose windows
 * hold it.
 *
 * With u = ih + top = s q + a these are oh = q − t with the filter's row kh = a + s t, and so for columns: the pixels
 * of one a are windows of a map among zeros, through a filter of their own. Pixels side by side whose channels are not
 * whole vectors are the lanes of one window: s of them see the same columns of the map, with zeros in the filter where
 * one of them does not. That is decided by the channels alone, so all instruction sets have the same terms.
 */
#include <vector>

#include "convolution-rows.h"
#include "convolution-windows.h"

namespace kernels {
namespace {
/* Pixels with (ih + top) mod s = a and (iw + left) mod s = b or one of those that follow. */
struct Phase {
  int a, b;
  Windows windows;
  std::ptrdiff_t filter;  // where its own begins
  std::vector<Place> places;
  bool full;  // whether no pixel of its lanes lies outside the image

  std::ptrdiff_t end() const { return filter + windows.rows * windows.run * windows.ld; }
};

class Spread {
 public:
  explicit Spread(const Shape& shape)
      : s_(shape),
        side_(shape.channels % 16 == 0 ? 1 : shape.stride),
        frame_(frame()),
        at_once_(pictures_at_once(shape.batch, shape.image() / shape.channels, frame_.size())) {
    for (int a = 0; a < s_.stride; a++)
      for (int b = 0; b < s_.stride; b += side_) add_phase(a, b);
  }

  void run(const float* map, Slope slope, const float* filter, Finish finish, float* image) const {
    const std::ptrdiff_t size = phases_.back().end();
    const Floats turned(s_.runs * size);
    share(s_.runs, static_cast<double>(s_.runs) * size, [&](int64_t run) {
      for (const Phase& phase : phases_) turn_filter(phase, filter + run * s_.filter(), turned.get() + run * size);
    });
    const int64_t piece = pictures_of_item(s_, at_once_);
    const int64_t pieces = (s_.batch + piece - 1) / piece;
    share_with_memory(s_.runs * pieces, cycles(), [&](int64_t item) {
      const int64_t run = item / pieces, first = item % pieces * piece, end = std::min(s_.batch, first + piece);
      const Floats framed(at_once_ * frame_.size()), bias(whole(lanes()));
      for (int l = 0; finish.bias != nullptr && l < lanes(); l++)
        bias.get()[l] = finish.bias[run * s_.channels + l % s_.channels];
      const Target target{image, 0, finish.bias == nullptr ? nullptr : bias.get(), finish.activation, true};
      for (int64_t b = first; b < end; b += at_once_) {
        const int maps = static_cast<int>(std::min(at_once_, end - b));
        for (int g = 0; g < maps; g++) {
          const std::ptrdiff_t at = (run * s_.batch + b + g) * s_.map();
          frame_.fill(map + at, slope.from(at), framed.get() + g * frame_.size());
        }
        sum(framed.get(), run * s_.batch + b, maps, turned.get() + run * size, target);
      }
    });
  }

 private:
  int lanes() const { return side_ * s_.channels; }
  /* Rows or columns of the map that the pixels of a phase see. */
  int seen(int kernel, int phase) const { return std::max(0, (kernel - phase + s_.stride - 1) / s_.stride); }
  double cycles() const {
    return 1.0 * s_.runs * s_.batch * s_.map() * s_.kernel_height * s_.kernel_width * whole(s_.channels) / Wide::width;
  }

  Frame frame() const {
    const int top = seen(s_.kernel_height, 0) - 1, left = seen(s_.kernel_width, 0) - 1;
    const int rows = std::max(s_.map_height(), (s_.height - 1 + s_.top()) / s_.stride + 1);
    const int columns = std::max(s_.map_width(), (s_.width - 1 + s_.left()) / s_.stride + 1);
    return {s_.map_height(), s_.map_width(), s_.filters, top, left, top + rows, left + columns};
  }

  void add_phase(int a, int b) {
    const Windows windows{seen(s_.kernel_height, a), seen(s_.kernel_width, b) * s_.filters, frame_.pitch(), lanes(),
                          whole(lanes())};
    phases_.push_back({a, b, windows, phases_.empty() ? 0 : phases_.back().end(), {}, true});
    for (int64_t g = 0; g < at_once_; g++)
      for (int ih = 0; ih < s_.height; ih++)
        if ((ih + s_.top()) % s_.stride == a) add_row(phases_.back(), g, ih);
  }

  void add_row(Phase& phase, int64_t g, int ih) const {
    const int columns = phase.windows.run / s_.filters;
    const int row = (ih + s_.top()) / s_.stride - phase.windows.rows + 1 + frame_.top;
    for (int iw = phase.b - s_.left(); iw < s_.width; iw += s_.stride) {
      const int low = std::max(0, -iw), high = std::min(side_, s_.width - iw);
      if (low >= high) continue;
      const int column = (iw - phase.b + s_.left()) / s_.stride - columns + 1 + frame_.left;
      const std::ptrdiff_t from = g * frame_.size() + row * frame_.pitch() + column * s_.filters;
      const std::ptrdiff_t to = g * s_.image() + (std::ptrdiff_t{1} * ih * s_.width + iw) * s_.channels;
      phase.full = phase.full && high - low == side_;
      phase.places.push_back(
          {static_cast<int32_t>(from), static_cast<int32_t>(to), low * s_.channels, high * s_.channels});
    }
  }

  /* A phase's own filter, [rows][columns][filters][lanes], into memory that is zero. */
  void turn_filter(const Phase& phase, const float* filter, float* all) const {
    const int rows = phase.windows.rows, columns = phase.windows.run / s_.filters;
    const std::ptrdiff_t ld = phase.windows.ld;
    for (int t = 0; t < rows; t++)
      for (int w = 0; w < columns; w++)
        for (int beside = 0; beside < side_; beside++) {
          const int kh = phase.a + s_.stride * (rows - 1 - t);
          const int kw = phase.b + beside + s_.stride * (columns - 1 - w);
          if (kw >= s_.kernel_width) continue;
          const float* const from = filter + std::ptrdiff_t{1} * (kh * s_.kernel_width + kw) * s_.channels * s_.filters;
          float* const to = all + phase.filter + (t * columns + w) * s_.filters * ld + beside * s_.channels;
          for (int f = 0; f < s_.filters; f++)
            for (int c = 0; c < s_.channels; c++) to[f * ld + c] = from[c * s_.filters + f];
        }
  }

  void sum(const float* framed, int64_t first, int maps, const float* filter, Target target) const {
    target.out += first * s_.image();
    for (const Phase& phase : phases_) {
      const int of_each = static_cast<int>(static_cast<int64_t>(phase.places.size()) / at_once_);
      target.full = phase.full;
      sum_pictures(phase.windows, framed, frame_.size(), maps, phase.places.data(), of_each, filter + phase.filter,
                   target, s_.image());
    }
  }

  Shape s_;
  int side_;  // pixels side by side in one window's lanes
  Frame frame_;
  int64_t at_once_;
  std::vector<Phase> phases_;
};
}  // namespace

void spread(const Shape& s, const float* map, Slope slope, const float* filter, Finish finish, float* image) {
  Spread(s).run(map, slope, filter, finish, image);
}
}  // namespace kernels
