#ifndef JEPALAB_KERNELS_CONVOLUTION_CHAINS_H
#define JEPALAB_KERNELS_CONVOLUTION_CHAINS_H
#include "convolution/surround.h"

/*
 * Sums over windows of a framed picture: at each place, lane l of
 *
 *   Σ over `rows` rows, `run` floats of each: picture[from + row·pitch + i] filter[row][i][l]
 *
 * is one fma chain in that order from +0. The picture is broadcast and the filter read by vectors of lanes; a tile is
 * of up to eight places, each by a pointer of its own, so that it may go over the edges of rows and pictures.
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

/* Where a product goes and what becomes of it on its way; the bias has whole vectors. */
struct Target {
  float* out;
  const float* bias;
  Activation activation;
};

template <class V, int TM, int TN>
LANES_INLINE void chain_windows(const Windows& windows, const float* picture, const Place* places,
                                const float* filter, V (&acc)[TM][TN]) {
  const float* at[TM];
#pragma GCC unroll 16
  for (int i = 0; i < TM; i++) at[i] = picture + places[i].from;
#pragma GCC unroll 1
  for (int row = 0; row < windows.rows; row++) {
#pragma GCC unroll 1
    for (int p = 0; p < windows.run; p++) {
      V columns[TN];
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) {
        V column = V::load(filter + j * V::width);
        column = lanes::held(column);
        columns[j] = column;
      }
#pragma GCC unroll 16
      for (int i = 0; i < TM; i++) {
        V here = V::broadcast(at[i][p]);
        if (TN > 1) here = lanes::held(here);
#pragma GCC unroll 8
        for (int j = 0; j < TN; j++) acc[i][j] = fma(here, columns[j], acc[i][j]);
      }
      filter += windows.ld;
    }
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) at[i] += windows.pitch;
  }
}

template <class V, int TM, int TN>
LANES_INLINE void window_tile(const Windows& windows, const float* picture, const Place* places, const float* filter,
                              int lane, const Target& target) {
  V acc[TM][TN];
#pragma GCC unroll 16
  for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
    for (int j = 0; j < TN; j++) acc[i][j] = V::zero();
  chain_windows<V, TM, TN>(windows, picture, places, filter + lane, acc);
#pragma GCC unroll 8
  for (int j = 0; j < TN; j++) {
    const int first = lane + j * V::width;
    const V bias = target.bias == nullptr ? V::zero() : V::load(target.bias + first);
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) {
      const V sum = target.bias == nullptr ? acc[i][j] : acc[i][j] + bias;
      const V made = activate(target.activation, sum);
      float* const to = target.out + places[i].to + first;
      const int low = places[i].low - first, high = places[i].high - first;
      if (low <= 0 && high >= V::width)
        made.store(to);
      else if (low < V::width && high > 0)
        store_part(made, to, low > 0 ? low : 0, high < V::width ? high : V::width);
    }
  }
}

template <class V, int TN, int TM>
LANES_INLINE void window_rows(int& i, int n, const Windows& windows, const float* picture, const Place* places,
                              const float* filter, int lane, const Target& target) {
  for (; i + TM <= n; i += TM) window_tile<V, TM, TN>(windows, picture, places + i, filter, lane, target);
  if constexpr (TM > 1) window_rows<V, TN, (TM > 4 ? 4 : TM / 2)>(i, n, windows, picture, places, filter, lane, target);
}

/* Places of a tile: registers bound it, and with one vector of lanes the number of pointers. */
constexpr int places_of(int vectors) {
  if (lanes::registers == 32) return vectors == 4 ? 6 : 8;
  return vectors == 1 ? 8 : 6;
}

template <class V, int TN>
LANES_INLINE void window_lanes(int& lane, int end, int n, const Windows& windows, const float* picture,
                               const Place* places, const float* filter, const Target& target) {
  for (; lane + TN * V::width <= end; lane += TN * V::width) {
    int i = 0;
    window_rows<V, TN, places_of(TN)>(i, n, windows, picture, places, filter, lane, target);
  }
  if constexpr (TN > 1) window_lanes<V, TN - 1>(lane, end, n, windows, picture, places, filter, target);
}

/* The sums at n places. */
inline void sum_windows(const Windows& windows, const float* picture, const Place* places, int n, const float* filter,
                        const Target& target) {
  constexpr int widest = lanes::registers == 32 ? 4 : 2;
  const int end = whole(windows.lanes);
  int lane = 0;
  window_lanes<Wide, widest>(lane, end, n, windows, picture, places, filter, target);
  if constexpr (Narrow::width < Wide::width)
    window_lanes<Narrow, 1>(lane, end, n, windows, picture, places, filter, target);
}
}  // namespace kernels
#endif
