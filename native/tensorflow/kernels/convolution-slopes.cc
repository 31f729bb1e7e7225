/*
 * Slopes by filter and bias. Element (kh, kw, c, f) of a filter's is one chain per image over (oh, ow) from +0; images
 * are added in their order in blocks of eight, and these in theirs. A bias's has four chains per image, that of place p
 * is p mod 4, added as (0 + 1) + (2 + 3). An item is one block.
 *
 * A tile is of TH rows of the kernel by TR neighbours of (kw, c) by TN vectors of filters; it goes over a map with the
 * map's vectors and broadcasts of the image, so that every operand but one has a fixed address.
 */
#include "convolution-rows.h"

namespace kernels {
namespace {
constexpr int block_images = 8;

/* One image and its map. */
struct Pair {
  const float* image;  // framed
  std::ptrdiff_t pitch;
  int step_down, step_right;  // floats from one window to the next, step_down in rows
  const float* map;
  std::ptrdiff_t ld;
  int map_height, map_width;
};

template <class V, int TH, int TR, int TN>
__attribute__((noinline)) void slope_tile(const Pair& pair, std::ptrdiff_t row, int lane, float* sums,
                                          std::ptrdiff_t kernel_row, std::ptrdiff_t ld) {
  V acc[TH][TR][TN];
#pragma GCC unroll 32
  for (int h = 0; h < TH; h++)
#pragma GCC unroll 32
    for (int i = 0; i < TR; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) acc[h][i][j] = V::zero();
  const float* map = pair.map + lane;
  const std::ptrdiff_t pitch = pair.pitch;
#pragma GCC unroll 1
  for (int oh = 0; oh < pair.map_height; oh++) {
    const float* at = pair.image + row + oh * pair.step_down * pitch;
#pragma GCC unroll 1
    for (int ow = 0; ow < pair.map_width; ow++) {
      V columns[TN];
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) {
        V column = V::load(map + j * V::width);
        column = lanes::held(column);
        columns[j] = column;
      }
#pragma GCC unroll 32
      for (int h = 0; h < TH; h++)
#pragma GCC unroll 32
        for (int i = 0; i < TR; i++) {
          V here = V::broadcast(at[h * pitch + i]);
          if (TN > 1) here = lanes::held(here);
#pragma GCC unroll 8
          for (int j = 0; j < TN; j++) acc[h][i][j] = fma(here, columns[j], acc[h][i][j]);
        }
      at += pair.step_right;
      map += pair.ld;
    }
  }
#pragma GCC unroll 32
  for (int h = 0; h < TH; h++)
#pragma GCC unroll 32
    for (int i = 0; i < TR; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) {
        float* const to = sums + h * kernel_row + i * ld + lane + j * V::width;
        (V::load(to) + acc[h][i][j]).store(to);
      }
}

/* Neighbours in a tile that fill the registers but for the map's vectors and a broadcast. */
constexpr int neighbours_of(int vectors) { return ((lanes::registers == 32 ? 28 : 14) - vectors) / vectors; }

using SlopeTile = void (*)(const Pair&, std::ptrdiff_t, int, float*, std::ptrdiff_t, std::ptrdiff_t);

/* The tile of TR' ≤ TR neighbours. */
template <class V, int TH, int TN, int TR>
SlopeTile slope_tile_of(int neighbours) {
  if constexpr (TR == 1) return slope_tile<V, TH, 1, TN>;
  else return neighbours == TR ? slope_tile<V, TH, TR, TN> : slope_tile_of<V, TH, TN, TR - 1>(neighbours);
}

/* All (kh, kw, c) of TN vectors of filters. */
template <class V, int TN>
void slope_lanes(const Shape& s, const Pair& pair, int lane, float* sums, std::ptrdiff_t ld) {
  constexpr int most = neighbours_of(TN), most_two = most / 2, most_three = most / 3;
  const int run = s.kernel_width * s.channels;
  const int tiles = (run + most - 1) / most;
  int kh = 0;
  while (kh < s.kernel_height) {
    const int left = s.kernel_height - kh;
    const int rows = left >= 3 && run <= most_three ? 3 : left >= 2 && run <= most_two ? 2 : 1;
    for (int t = 0; t < tiles; t++) {
      const int first = run * t / tiles, neighbours = run * (t + 1) / tiles - first;
      SlopeTile tile = slope_tile_of<V, 1, TN, most>(neighbours);
      if constexpr (most_two > 0)
        if (rows == 2) tile = slope_tile_of<V, 2, TN, most_two>(neighbours);
      if constexpr (most_three > 0)
        if (rows == 3) tile = slope_tile_of<V, 3, TN, most_three>(neighbours);
      tile(pair, kh * pair.pitch + first, lane, sums + (kh * std::ptrdiff_t{run} + first) * ld, run * ld, ld);
    }
    kh += rows;
  }
}

template <class V, int TN>
void slope_columns(const Shape& s, const Pair& pair, int& lane, int end, float* sums, std::ptrdiff_t ld) {
  for (; lane + TN * V::width <= end; lane += TN * V::width) slope_lanes<V, TN>(s, pair, lane, sums, ld);
  if constexpr (TN > 1) slope_columns<V, TN - 1>(s, pair, lane, end, sums, ld);
}

/* sums [kh][kw][c][whole filters] += the slopes of one image. */
void add_filter(const Shape& s, const Pair& pair, float* sums) {
  const int end = whole(s.filters);
  int lane = 0;
  slope_columns<Wide, (lanes::registers == 32 ? 4 : 2)>(s, pair, lane, end, sums, end);
  if constexpr (Narrow::width < Wide::width) slope_columns<Narrow, 1>(s, pair, lane, end, sums, end);
}

/* Maps as rows of whole vectors of slopes. */
class WholeMaps {
 public:
  WholeMaps(const Shape& s, Slope slope)
      : places_(s.map() / s.filters), filters_(s.filters), slope_(slope), own_(is_as_is() ? 0 : places_ * whole(filters_)) {}

  const float* of(const float* map, std::ptrdiff_t at) const {
    const int end = whole(filters_), places = static_cast<int>(places_);
    if (is_as_is()) return map + at;
    if (end == filters_)
      turn(map + at, slope_.from(at), 1, places * filters_, 0, own_.get(), 0);
    else
      turn(map + at, slope_.from(at), places, filters_, filters_, own_.get(), end);
    return own_.get();
  }

 private:
  bool is_as_is() const { return slope_.is_one() && whole(filters_) == filters_; }

  std::ptrdiff_t places_;
  int filters_;
  Slope slope_;
  Floats own_;
};

/* One image's sum over places, into sums. */
template <class V>
void add_places(const float* rows, std::ptrdiff_t ld, std::ptrdiff_t places, float* sums) {
  V chain[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
  std::ptrdiff_t p = 0;
  for (; p + 4 <= places; p += 4)
    for (int i = 0; i < 4; i++) chain[i] = chain[i] + V::load(rows + (p + i) * ld);
  for (int i = 0; p + i < places; i++) chain[i] = chain[i] + V::load(rows + (p + i) * ld);
  (V::load(sums) + ((chain[0] + chain[1]) + (chain[2] + chain[3]))).store(sums);
}

void add_bias(const float* rows, int channels, std::ptrdiff_t places, float* sums) {
  const int end = whole(channels);
  int lane = 0;
  for (; lane + Wide::width <= end; lane += Wide::width) add_places<Wide>(rows + lane, end, places, sums + lane);
  for (; lane < end; lane += Narrow::width) add_places<Narrow>(rows + lane, end, places, sums + lane);
}

/* What a block sums: filters' slopes [kh][kw][c][whole filters], the map's bias and the image's, whole vectors. */
struct Sums {
  std::ptrdiff_t rows;
  int filters, channels;

  std::ptrdiff_t map_bias() const { return rows * whole(filters); }
  std::ptrdiff_t image_bias() const { return map_bias() + whole(filters); }
  std::ptrdiff_t size() const { return image_bias() + whole(channels); }
};

/* dense = rows of n of the sum of blocks' sums, which lie `apart`. */
void add_blocks(float* sums, std::ptrdiff_t apart, int64_t blocks, std::ptrdiff_t rows, int n, float* dense) {
  for (std::ptrdiff_t i = 0; i < rows * whole(n); i++) {
    float sum = 0;
    for (int64_t b = 0; b < blocks; b++) sum += sums[b * apart + i];
    sums[i] = sum;
  }
  for (std::ptrdiff_t r = 0; r < rows; r++) std::copy_n(sums + r * whole(n), n, dense + r * n);
}
}  // namespace

void filter_slopes(const Shape& s, const float* image, Slope of_image, const float* map, Slope of_map, float* filter,
                   float* map_bias, float* image_bias) {
  const Frame frame = image_frame(s);
  const Shape pixels{1, 1, s.height, s.width, 1, 1, 1, s.channels, 1};
  const Sums sums{std::ptrdiff_t{1} * s.kernel_height * s.kernel_width * s.channels, s.filters, s.channels};
  const int64_t blocks = (s.batch + block_images - 1) / block_images;
  const int64_t at_once = std::min<int64_t>(s.runs, std::max<int64_t>(1, 64 / blocks));  // runs
  const double cycles = 1.0 * at_once * s.batch * s.map() / s.filters * sums.rows * whole(s.filters) / Wide::width;
  for (int64_t from = 0; from < s.runs; from += at_once) {
    const int64_t runs = std::min(at_once, s.runs - from);
    const Floats all(runs * blocks * sums.size());
    share_with_memory(runs * blocks, cycles, [&](int64_t item) {
      const int64_t first = (from + item / blocks) * s.batch, block = item % blocks * block_images;
      float* const own = all.get() + item * sums.size();
      const Floats framed(frame.size());
      const WholeMaps maps(s, of_map), images(pixels, of_image);
      const int64_t end = first + std::min(s.batch, block + block_images);
      for (int64_t b = first + block; b < end; b++) {
        frame.fill(image + b * s.image(), of_image.from(b * s.image()), framed.get());
        const Pair pair{framed.get(), frame.pitch(), s.stride, s.stride * s.channels, maps.of(map, b * s.map()),
                        whole(s.filters), s.map_height(), s.map_width()};
        add_filter(s, pair, own);
        if (map_bias != nullptr) add_bias(pair.map, s.filters, s.map() / s.filters, own + sums.map_bias());
        if (image_bias != nullptr)
          add_bias(images.of(image, b * s.image()), s.channels, s.image() / s.channels, own + sums.image_bias());
      }
    });
    for (int64_t r = 0; r < runs; r++) {
      float* const own = all.get() + r * blocks * sums.size();
      const int64_t run = from + r;
      add_blocks(own, sums.size(), blocks, sums.rows, s.filters, filter + run * s.filter());
      if (map_bias != nullptr)
        add_blocks(own + sums.map_bias(), sums.size(), blocks, 1, s.filters, map_bias + run * s.filters);
      if (image_bias != nullptr)
        add_blocks(own + sums.image_bias(), sums.size(), blocks, 1, s.channels, image_bias + run * s.channels);
    }
  }
}
}  // namespace kernels
