#ifndef JEPALAB_LANES_BRAID_MOMENTS_H
#define JEPALAB_LANES_BRAID_MOMENTS_H
#include <utility>

#include "cpu/net.h"
#include "random/words.h"

namespace lanes {
/* Whether R of sgd in law is made by `braid_moments`. */
template <class Net>
constexpr bool has_braid_moments = false;

#if defined(LANES_ISA_AVX512)
/* Braids of four runs at d = 16: a row is four vectors of four columns. */
using BraidNet = Net<Vec<float>, 4, 16>;
template <>
constexpr bool has_braid_moments<BraidNet> = true;

namespace braid16 {
using V = Vec<float>;
constexpr int runs = 4, d = 16, columns = 4, row = columns * V::width;

/* What a chain takes of a triangle on the right: all, or only what may differ from 0 in a vector of columns. */
enum class Take { all, lower, upper };
constexpr bool takes(Take take, int k, int c) {
  return take == Take::all || (take == Take::lower ? c <= k / columns : c >= k / columns);
}

using Rows = V[4][columns];

LANES_INLINE void clear(Rows& acc) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++) acc[i][c] = V::zero();
}

template <Take take, int... ks>
LANES_INLINE void chain_rows(std::integer_sequence<int, ks...>, const float* left, const float* right, Rows& acc) {
  const auto link = [&](auto k) __attribute__((always_inline)) {
    V columns_of[columns];
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      if (takes(take, k, c)) columns_of[c] = held(V::load(right + k * row + c * V::width));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const V x = held(V::repeat<runs>(left + i * row + k * runs));
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++)
        if (takes(take, k, c)) acc[i][c] = fma(x, columns_of[c], acc[i][c]);
    }
  };
  (link(std::integral_constant<int, ks>()), ...);
}

/* acc += four rows, from `left` on, times a matrix, over rising k. */
template <Take take = Take::all>
LANES_INLINE void chain_rows(const float* left, const float* right, Rows& acc) {
  chain_rows<take>(std::make_integer_sequence<int, d>(), left, right, acc);
}

/* to(place, column, vector) for four rows; places count from the first. */
template <class To>
LANES_INLINE void put(const Rows& acc, To to) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++) to(i * row + c * V::width, c, acc[i][c]);
}

/*
 * R by the arithmetic of step.h's `moments` on diagonal data, four rows at a time. @returns whether it is what whole chains
 * give: a chain from +0 stays +0 over terms x·0 with x finite, and at its end such terms change nothing but −0. R's last columns are
 * whole chains over all of Z, and Z's first over all of U', so that they show what is not finite.
 */
template <Take Lower, Take Upper>
__attribute__((noinline)) bool residual(const BraidNet& net) {
  const Words<float> negative_zero = Words<float>::broadcast(0x80000000);
  const bool jepa = net.jepa;
  const float *const top = net.product().at, *const other = jepa ? top : net.slope.at;
  V shown = V::zero();
  uint32_t doubtful = 0;
#pragma GCC unroll 1
  for (int at = 0; at < d * row; at += 4 * row) {
    float *const r = net.residual.at + at, *const z = net.mixed.at + at;
    const float *const target = other + at, *const kick = net.kick.at + at;
    Rows acc;
    clear(acc);
    chain_rows(net.weight[0].at + at, top, acc);
    put(acc, [&](int p, int c, V u) __attribute__((always_inline)) {
      const V t = V::load(target + p), apart = jepa ? fnma(t, V::load(net.rho + c * V::width), u) : u - t;
      (apart * V::load(net.sigma + c * V::width)).store(r + p);  // U'
    });
    clear(acc);
    chain_rows<Lower>(r, net.lower.at, acc);
    if (jepa) chain_rows(top + at, net.kick.at, acc);
    put(acc, [&](int p, int, V sum) __attribute__((always_inline)) { (jepa ? sum : sum + V::load(kick + p)).store(z + p); });
    clear(acc);
    chain_rows<Upper>(z, net.upper.at, acc);
    put(acc, [&](int p, int c, V sum) __attribute__((always_inline)) {
      (sum * V::load(net.sigma_share + c * V::width)).store(r + p);
      if (c == columns - 1) shown = fma(sum, V::zero(), shown);
      if (c < columns - 1 && Upper != Take::all) doubtful |= equal(bits_of(sum), negative_zero);
    });
  }
  return doubtful == 0 && at_least(shown, V::zero()) == 0xffff;
}
}  // namespace braid16

/* R, without what a triangle's zeros would add where that is sure to change no bit. */
inline void braid_moments(const BraidNet& net) {
  using braid16::Take;
  if (!braid16::residual<Take::lower, Take::upper>(net)) braid16::residual<Take::all, Take::all>(net);
}
#endif
}  // namespace lanes
#endif
