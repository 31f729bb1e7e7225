#include "convolution-windows.h"

namespace kernels {
namespace {
/* What a compiler would count up for each address is counted once. */
LANES_INLINE const float* one_register(const float* p) {
  asm("" : "+r"(p));
  return p;
}

/* `CHUNK` floats at a time of a run, so that most addresses are fixed distances. */
template <int CHUNK, class V, int TM, int TN, int IMAGES>
LANES_INLINE void chain_rows(const Windows& windows, std::ptrdiff_t apart, const float* (&at)[TM], const float* filter,
                             V (&acc)[IMAGES][TM][TN]) {
  const std::ptrdiff_t ld = windows.ld, next = windows.pitch - windows.run;
#pragma GCC unroll 1
  for (int row = 0; row < windows.rows; row++) {
#pragma GCC unroll 1
    for (int p = 0; p < windows.run; p += CHUNK) {
#pragma GCC unroll 8
      for (int q = 0; q < CHUNK; q++) {
        V columns[TN];
#pragma GCC unroll 8
        for (int j = 0; j < TN; j++) {
          V column = V::load(filter + j * V::width);
          column = lanes::held(column);
          columns[j] = column;
        }
#pragma GCC unroll 16
        for (int i = 0; i < TM; i++)
#pragma GCC unroll 2
          for (int g = 0; g < IMAGES; g++) {
            V here = V::broadcast(at[i][g * apart + q]);
            if (TN > 1) here = lanes::held(here);
#pragma GCC unroll 8
            for (int j = 0; j < TN; j++) acc[g][i][j] = fma(here, columns[j], acc[g][i][j]);
          }
        filter += ld;
      }
#pragma GCC unroll 16
      for (int i = 0; i < TM; i++) at[i] = one_register(at[i] + CHUNK);
    }
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) at[i] += next;
  }
}

/* Sums of a tile on their way to `target`; `full` says that all lanes of all places are wanted. */
template <Activation kind, class V, int TM, int TN>
LANES_INLINE void store_tile(const Target& target, float* out, const Place* places, int lane, bool full,
                             V (&acc)[TM][TN]) {
#pragma GCC unroll 8
  for (int j = 0; j < TN; j++) {
    const int first = lane + j * V::width;
    const V bias = target.bias == nullptr ? V::zero() : V::load(target.bias + first);
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) {
      if (target.bias != nullptr) acc[i][j] = acc[i][j] + bias;
      acc[i][j] = widely(acc[i][j], [](Wide x) { return activated<kind>(x); });
    }
    float* const to = out + first;
    if (full) {
#pragma GCC unroll 16
      for (int i = 0; i < TM; i++) acc[i][j].store(to + places[i].to);
      continue;
    }
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++) {
      const int low = std::max(places[i].low - first, 0), high = std::min(places[i].high - first, int{V::width});
      if (low < high) store_part(acc[i][j], to + places[i].to, low, high);
    }
  }
}

template <class V, int TM, int TN, int IMAGES>
__attribute__((noinline)) void window_tile(const Windows& windows, const Source& source, const Place* places,
                                           const float* filter, int lane, const Target& target) {
  V acc[IMAGES][TM][TN];
#pragma GCC unroll 2
  for (int g = 0; g < IMAGES; g++)
#pragma GCC unroll 16
    for (int i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (int j = 0; j < TN; j++) acc[g][i][j] = V::zero();
  const float* at[TM];
#pragma GCC unroll 16
  for (int i = 0; i < TM; i++) at[i] = source.picture + places[i].from;
  if (windows.run % 8 == 0)
    chain_rows<8>(windows, source.apart, at, filter + lane, acc);
  else if (windows.run % 3 == 0)
    chain_rows<3>(windows, source.apart, at, filter + lane, acc);
  else
    chain_rows<1>(windows, source.apart, at, filter + lane, acc);
  const bool full = target.full && lane + TN * V::width <= windows.lanes;
#pragma GCC unroll 2
  for (int g = 0; g < IMAGES; g++) {
    float* const out = target.out + g * target.apart;
    if (target.activation == Activation::relu)
      store_tile<Activation::relu>(target, out, places, lane, full, acc[g]);
    else if (target.activation == Activation::tanh)
      store_tile<Activation::tanh>(target, out, places, lane, full, acc[g]);
    else
      store_tile<Activation::linear>(target, out, places, lane, full, acc[g]);
  }
}

template <class V, int TN, int IMAGES, int TM>
LANES_INLINE void window_rows(int& i, int n, const Windows& windows, const Source& source, const Place* places,
                              const float* filter, int lane, const Target& target) {
  for (; i + TM <= n; i += TM) window_tile<V, TM, TN, IMAGES>(windows, source, places + i, filter, lane, target);
  if constexpr (TM > 1)
    window_rows<V, TN, IMAGES, (TM > 4 ? 4 : TM / 2)>(i, n, windows, source, places, filter, lane, target);
}

/* Places of a tile: registers bound it, and with one vector of lanes the number of pointers. */
constexpr int places_of(int vectors, int images) {
  if (lanes::registers == 32) return vectors == 1 ? 8 : (vectors == 2 ? 12 : vectors == 3 ? 8 : 6) / images;
  return vectors == 1 ? 8 / images : 6 / images;
}

template <class V, int TN, int IMAGES>
LANES_INLINE void window_lanes(int& lane, int end, int n, const Windows& windows, const Source& source,
                               const Place* places, const float* filter, const Target& target) {
  for (; lane + TN * V::width <= end; lane += TN * V::width) {
    int i = 0;
    window_rows<V, TN, IMAGES, places_of(TN, IMAGES)>(i, n, windows, source, places, filter, lane, target);
  }
  if constexpr (TN > 1) window_lanes<V, TN - 1, IMAGES>(lane, end, n, windows, source, places, filter, target);
}

/*
 * Windows of ROWS · RUN floats through a filter that stays in registers, place after place: their chains are short and the
 * processor works on many at once.
 */
template <class V, int ROWS, int RUN, Activation kind>
__attribute__((noinline)) void short_windows(const Windows& windows, const float* picture, const Place* places, int n,
                                             const float* filter, int lane, const Target& target) {
  V taps[ROWS * RUN];
#pragma GCC unroll 32
  for (int t = 0; t < ROWS * RUN; t++) {
    V tap = V::load(filter + t * windows.ld + lane);
    tap = lanes::held(tap);
    taps[t] = tap;
  }
  const bool full = target.full && lane + V::width <= windows.lanes, has_bias = target.bias != nullptr;
  const V bias = has_bias ? V::load(target.bias + lane) : V::zero();
  for (int i = 0; i < n; i++) {
    const float* const at = picture + places[i].from;
    V sum = V::zero();
#pragma GCC unroll 8
    for (int row = 0; row < ROWS; row++)
#pragma GCC unroll 8
      for (int p = 0; p < RUN; p++) sum = fma(V::broadcast(at[row * windows.pitch + p]), taps[row * RUN + p], sum);
    if (has_bias) sum = sum + bias;
    sum = widely(sum, [](Wide x) { return activated<kind>(x); });
    float* const to = target.out + places[i].to + lane;
    if (full) {
      sum.store(to);
      continue;
    }
    const int low = std::max(places[i].low - lane, 0), high = std::min(places[i].high - lane, int{V::width});
    if (low < high) store_part(sum, to, low, high);
  }
}

template <class V, int ROWS, int RUN>
void short_lanes(int& lane, int end, const Windows& windows, const float* picture, const Place* places, int n,
                 const float* filter, const Target& target) {
  for (; lane + V::width <= end; lane += V::width)
    with(target.activation, [&](auto kind) {
      short_windows<V, ROWS, RUN, kind.value>(windows, picture, places, n, filter, lane, target);
    });
}

template <int IMAGES>
inline void sum_windows(const Windows& windows, const Source& source, const Place* places, int n, const float* filter,
                        const Target& target) {
  constexpr int widest = lanes::registers == 32 ? 4 : 2;
  const int end = whole(windows.lanes);
  int lane = 0;
  window_lanes<Wide, widest, IMAGES>(lane, end, n, windows, source, places, filter, target);
  if constexpr (Narrow::width < Wide::width)
    window_lanes<Narrow, 1, IMAGES>(lane, end, n, windows, source, places, filter, target);
}
}  // namespace

void sum_pictures(const Windows& windows, const float* picture, std::ptrdiff_t size, int pictures, const Place* places,
                  int of_each, const float* filter, Target target, std::ptrdiff_t made) {
  if (windows.rows == 3 && windows.run == 3) {
    const int end = whole(windows.lanes), n = pictures * of_each;
    int lane = 0;
    short_lanes<Wide, 3, 3>(lane, end, windows, picture, places, n, filter, target);
    short_lanes<Narrow, 3, 3>(lane, end, windows, picture, places, n, filter, target);
    return;
  }
  const int half = pictures / 2;
  target.apart = half * made;
  if (half > 0)
    sum_windows<2>(windows, {picture, half * size}, places, half * of_each, filter, target);
  if (pictures % 2 == 0) return;
  target.out += (pictures - 1) * made;
  sum_windows<1>(windows, {picture + (pictures - 1) * size, 0}, places, of_each, filter, target);
}
}  // namespace kernels
