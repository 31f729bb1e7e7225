#ifndef JEPALAB_KERNELS_CONVOLUTION_WINDOWS_H
#define JEPALAB_KERNELS_CONVOLUTION_WINDOWS_H
#include "convolution-frame.h"

/*
 * Sums over windows of a framed picture: at each place, lane l of
 *
 *   Σ over `rows` rows, `run` floats of each: picture[from + row·pitch + i] filter[row][i][l]
 *
 * is one fma chain in that order from +0. The picture is broadcast and the filter read by vectors of lanes. A tile is of
 * TM places, each by a pointer of its own, so that it may go over the edges of rows and pictures, and takes them in
 * IMAGES pictures that lie `apart`: two need no pointers more and hide the latency of a chain, which eight places in one
 * picture just do not.
 */
namespace kernels {
struct Windows {
  int rows, run;
  std::ptrdiff_t pitch;
  int lanes;
  std::ptrdiff_t ld;  // of the filter, a whole number of vectors
};

/* Lanes `low` to `high` − 1 of what is at `from` go to `to` + their number. */
struct Place {
  int32_t from, to;
  int32_t low, high;
};

struct Source {
  const float* picture;
  std::ptrdiff_t apart;
};

/* Where sums go and what becomes of them on their way; the bias has whole vectors. */
struct Target {
  float* out;
  std::ptrdiff_t apart;
  const float* bias;
  Activation activation;
  bool full;  // whether every place wants all lanes
};

/*
 * The sums at `places` of so many pictures, each `size` floats after the other, `made` floats apart where they go. The
 * places are those of one picture after the other: as many of each.
 */
void sum_pictures(const Windows& windows, const float* picture, std::ptrdiff_t size, int pictures, const Place* places,
                  int of_each, const float* filter, Target target, std::ptrdiff_t made);
}  // namespace kernels
#endif
