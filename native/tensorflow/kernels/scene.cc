/*
 * Scenes of src/data/nonlinear/scene.ts: JepalabScene. An image is nine values of factors in the order of SLOTS there, and the cosine and
 * sine of its grating's phase; the grating at phase 0 is given. In units of pixels, for each of them the same operations in one order.
 */
#include <vector>

#include "operation.h"
#include "random/words.h"
#include "registry.h"

namespace kernels {
namespace {
using V = lanes::Vec<float>;

enum Slot { x_at, y_at, radius, shape, brightness, colour, background, phase, contrast, slots };

constexpr double cycles_of_pixel = 2;

/* What is the same for all images, [size · size] and filled up to whole vectors. */
struct Grid {
  Grid(int64_t side, const float* sines, const float* cosines) : pixels(side * side) {
    const size_t padded = static_cast<size_t>((pixels + V::width - 1) / V::width * V::width);
    for (std::vector<float>* row : {&u, &v, &sine, &cosine}) row->resize(padded);
    for (int64_t p = 0; p < pixels; p++) {
      const size_t at = static_cast<size_t>(p);
      u[at] = static_cast<float>(p % side) + 0.5f, v[at] = static_cast<float>(p / side) + 0.5f;
      sine[at] = sines[p], cosine[at] = cosines[p];
    }
  }

  int64_t pixels;
  std::vector<float> u, v, sine, cosine;
};

LANES_INLINE V largest(V a, V b) { return keep(at_most(a, b), b, a); }

/* Draws pixels p … of an image: `draw(channel, pixels)` for each channel. */
template <class Out>
LANES_INLINE void some(const Grid& grid, size_t p, float side, const float* values, float cosine, float sine, int channels, Out draw) {
  const auto all = [](float number) { return V::broadcast(number); };
  const V wave = fma(all(cosine), V::load(&grid.sine[p]), all(sine) * V::load(&grid.cosine[p]));
  const V behind = fma(wave, all(values[contrast]), all(values[background]));
  const V du = lanes::absolute(V::load(&grid.u[p]) - all(values[x_at] * side));
  const V dv = lanes::absolute(V::load(&grid.v[p]) - all(values[y_at] * side));
  const V round = root(fma(du, du, dv * dv));
  const V shaped = fma(all(values[shape]), largest(du, dv) - round, round);
  const V open = all(0.5f) - (shaped - all(values[radius] * side));
  const V cut = keep(at_least(open, all(1)), all(1), open), cover = keep(at_most(cut, V::zero()), V::zero(), cut);
  for (int c = 0; c < channels; c++) {
    const float tint = channels == 1 ? 0 : values[colour] * static_cast<float>(1 - c);
    draw(c, fma(cover, all(values[brightness] + tint) - behind, behind));
  }
}

struct Scene {
  explicit Scene(Construction& made) : side(made.whole("size")), channels(made.whole("channels")) {}

  void compute(Call& call) const {
    const Tensor values = call.input(0), cosines = call.input(1), sines = call.input(2);
    const Tensor grating_sine = call.input(3), grating_cosine = call.input(4);
    if (call.failed()) return;
    const int64_t pixels = int64_t{side} * side;
    if (!values.is(2) || values.dim(1) != slots || cosines.size() != values.dim(0) || sines.size() != values.dim(0) ||
        grating_sine.size() != pixels || grating_cosine.size() != pixels || (channels != 1 && channels != 3)) {
      return call.refuse("scenes of values %s, %d × %d pixels and %d channels", values.shape().c_str(), side, side, channels);
    }
    const int64_t images = values.dim(0), entries = pixels * channels;
    const Tensor drawn = call.output(0, {images, entries});
    if (call.failed()) return;
    const Grid grid(side, grating_sine.at(), grating_cosine.at());
    const int64_t pieces = pieces_for(1, 4), each = (images + pieces - 1) / pieces;
    share(pieces, static_cast<double>(images * entries) * cycles_of_pixel, [&](int64_t piece) {
      for (int64_t n = piece * each; n < images && n < (piece + 1) * each; n++) {
        render(grid, values.at() + n * slots, cosines.at()[n], sines.at()[n], drawn.at() + n * entries);
      }
    });
  }

 private:
  void render(const Grid& grid, const float* values, float cosine, float sine, float* to) const {
    const float size = static_cast<float>(side);
    for (int64_t p = 0; p < grid.pixels; p += V::width) {
      const int64_t count = p + V::width <= grid.pixels ? V::width : grid.pixels - p;
      some(grid, static_cast<size_t>(p), size, values, cosine, sine, channels, [&](int c, V pixels) {
        if (channels == 1 && count == V::width) return pixels.store(to + p);
        alignas(64) float row[V::width];
        pixels.store(row);
        for (int64_t i = 0; i < count; i++) to[(p + i) * channels + c] = row[i];
      });
    }
  }

  int32_t side, channels;
};
}  // namespace

void register_scene(std::string& trouble) {
  register_operation<Scene>({"JepalabScene",
                             {"values: float", "cosines: float", "sines: float", "grating_sine: float", "grating_cosine: float"},
                             {"drawn: float"},
                             {"size: int", "channels: int"}},
                            trouble);
}
}  // namespace kernels
