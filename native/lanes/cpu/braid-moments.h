#ifndef JEPALAB_LANES_BRAID_MOMENTS_H
#define JEPALAB_LANES_BRAID_MOMENTS_H
#include "cpu/braid-tile.h"
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
using Mat = BraidNet::Mat;

/* Z, of which `take` says what of A is multiplied. */
template <Take take>
__attribute__((noinline)) void mix(const BraidNet& net) {
  const Mat z = net.mixed;
  each_tile<Mat, 16, false>([&](auto tile, int i0) __attribute__((always_inline)) {
    using Tile = decltype(tile);
    typename Tile::Rows acc;
    Tile::clear(acc);
    const auto residual = rows_from(i0, net.residual.left());
    if (net.jepa) {
      Tile::template chain<take>(residual, net.lower.right(), acc, [](int) {});
      Tile::chain(rows_from(i0, net.product().left()), net.kick.right(), acc,
                  [&](int c) __attribute__((always_inline)) { finish(tile, Store<Mat>{z}, i0, c, acc); });
    } else {
      Tile::template chain<take>(residual, net.lower.right(), acc,
                                 [&](int c) __attribute__((always_inline)) { finish(tile, Plus<Mat>{z, net.kick}, i0, c, acc); });
    }
  });
}

/*
 * R from Z. @returns whether what triangles' zeros would add changes no bit: a chain from +0 stays +0 over terms x·0 with x finite, and
 * at its end such terms change nothing but −0. R's last columns are whole chains over all of Z, and Z's first over all of U', so that
 * they show what is not finite.
 */
template <Take take>
__attribute__((noinline)) bool spread(const BraidNet& net) {
  const Words<float> negative_zero = Words<float>::broadcast(0x80000000);
  V shown = V::zero();
  uint32_t doubtful = 0;
  each_tile<Mat, 16, false>([&](auto tile, int i0) __attribute__((always_inline)) {
    using Tile = decltype(tile);
    constexpr int last = Tile::columns - 1;
    typename Tile::Rows acc;
    Tile::clear(acc);
    Tile::template chain<take>(rows_from(i0, net.mixed.left()), net.upper.right(), acc, [&](int c) __attribute__((always_inline)) {
      finish(tile, Scaled<Mat>{net.residual, net.sigma_share}, i0, c, acc);
#pragma GCC unroll 8
      for (int i = 0; i < Tile::rows; i++) {
        if (c == last) shown = fma(acc[i][c], V::zero(), shown);
        if (c < last && take != Take::all) doubtful |= equal(bits_of(acc[i][c]), negative_zero);
      }
    });
  });
  return doubtful == 0 && at_least(shown, V::zero()) == 0xffff;
}

/* U', in R's place. */
inline void begin(const BraidNet& net) {
  const auto left = net.weight[0].left();
  const auto right = net.product().right();
  if (net.jepa) {
    multiply_braid<Mat, 16>(left, right, ApartFrom<Mat>{net.residual, net.product(), net.rho, net.sigma});
  } else {
    multiply_braid<Mat, 16>(left, right, Apart<Mat>{net.residual, net.slope, net.sigma});
  }
}

/* R by the arithmetic of step.h's `moments` on diagonal data. @returns whether it is what whole chains give. */
template <Take Lower, Take Upper>
bool residual(const BraidNet& net) {
  begin(net);
  mix<Lower>(net);
  return spread<Upper>(net);
}
}  // namespace braid16

/* R, without what a triangle's zeros would add where that is sure to change no bit. */
inline void braid_moments(const BraidNet& net) {
  if (!braid16::residual<Take::lower, Take::upper>(net)) braid16::residual<Take::all, Take::all>(net);
}
#endif
}  // namespace lanes
#endif
