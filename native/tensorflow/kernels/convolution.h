#ifndef JEPALAB_KERNELS_CONVOLUTION_H
#define JEPALAB_KERNELS_CONVOLUTION_H
#include <cstddef>
#include <cstdint>

#include "activation.h"

namespace kernels {
/*
 * A convolution makes maps of images: [runs][batch][height][width][channels] and a filter
 * [runs][kernel_height][kernel_width][channels][filters] make [runs][batch][map_height][map_width][filters], the map
 * ⌈size / stride⌉ long on each side. The zeros around an image are TensorFlow's SAME: where their number is odd, the
 * greater half lies below and to the right.
 */
struct Shape {
  int64_t runs, batch;
  int height, width, channels;
  int kernel_height, kernel_width, filters, stride;

  int map_height() const { return (height + stride - 1) / stride; }
  int map_width() const { return (width + stride - 1) / stride; }
  int top() const { return before(height, kernel_height); }
  int left() const { return before(width, kernel_width); }

  /* Of one image, one map, one run's filter. */
  std::ptrdiff_t image() const { return std::ptrdiff_t{1} * height * width * channels; }
  std::ptrdiff_t map() const { return std::ptrdiff_t{1} * map_height() * map_width() * filters; }
  std::ptrdiff_t filter() const { return std::ptrdiff_t{1} * kernel_height * kernel_width * channels * filters; }

 private:
  int before(int size, int kernel) const {
    const int all = ((size + stride - 1) / stride - 1) * stride + kernel - size;
    return all > 0 ? all / 2 : 0;
  }
};

/* What becomes of a sum: + bias [runs][…] (or NULL), then the activation. */
struct Finish {
  const float* bias = nullptr;
  Activation activation = Activation::linear;
};

/* image → map: act(Σ + bias [runs][filters]). Of slopes by results of an activation where `slope` says so. */
void gather(const Shape&, const float* image, Slope slope, const float* filter, Finish, float* map);

/* map → image: act(Σ + bias [runs][channels]), what a convolution's slopes by its image are, and a transposed one. */
void spread(const Shape&, const float* map, Slope slope, const float* filter, Finish, float* image);

/*
 * By the filter, and by the bias where that is not NULL: of the map's [runs][filters], or of the image's [runs][channels].
 * One of image and map is slopes, by `of_image` or `of_map`.
 */
void filter_slopes(const Shape&, const float* image, Slope of_image, const float* map, Slope of_map, float* filter,
                   float* map_bias, float* image_bias);
}  // namespace kernels
#endif
