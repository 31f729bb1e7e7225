#ifndef JEPALAB_LANES_NORMAL_H
#define JEPALAB_LANES_NORMAL_H
#include "random/philox.h"

/*
 * Two standard normals of two words by Box–Muller, as defined in src/data/short-normal.ts. float64 repeats its every
 * operation and has its bits. float32 takes the same u and the same rest through shorter series, in a fixed order too:
 *
 *   u = m 2^e, m in [√½, √2), f = m − 1:  −2 ln u = f (−2 + f (1 + f P(f))) − 2e ln 2      relative error 3e-8
 *   t = rest 2^−29 in [−1, 1], z = t²:     sin = t S(z),  cos = 1 + z C(z)  of t π/4        2e-9, 5e-11
 *
 * P, S and C are minimax (Lawson's iteration), rounded to float32.
 */
namespace lanes {
namespace series {
constexpr float P[] = {-0x1.5556d8p-1f, 0x1.000382p-1f, -0x1.98d7f2p-2f, 0x1.53824ap-2f,
                       -0x1.317458p-2f, 0x1.2432b8p-2f, -0x1.645eap-3f};
constexpr float S[] = {0x1.921fb6p-1f, -0x1.4abbbap-4f, 0x1.465ec6p-9f, -0x1.2d9bb8p-15f};
constexpr float C[] = {-0x1.3bd3ccp-2f, 0x1.03c1dep-6f, -0x1.55c664p-12f, 0x1.d9f7bcp-19f};
constexpr float TWO_LN_2 = 0x1.62e43p+0f;
constexpr double LOGARITHM[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
constexpr double SINE[] = {1.0,           -1.0 / 6,         1.0 / 120,           -1.0 / 5040,         1.0 / 362880,
                           -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
constexpr double COSINE[] = {1.0,            -1.0 / 2,        1.0 / 24,            -1.0 / 720,           1.0 / 40320,
                             -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};
constexpr double LN_2 = 0x1.62e42fefa39efp-1, HALF_PI = 0x1.921fb54442d18p+0, ROOT_2 = 0x1.6a09e667f3bcdp+0;
}  // namespace series

template <class V>
LANES_INLINE V constant(typename V::Real x) {
  return V::broadcast(x);
}

template <int n, class F>
LANES_INLINE void each(F f) {
#pragma GCC unroll 8
  for (int p = 0; p < n; p++) f(p);
}

/* c₀ + z (c₁ + z (…)) of n numbers together, each step a multiplication and an addition. */
template <int n, int terms>
LANES_INLINE void plain_series(const double (&c)[terms], const Vec<double> (&z)[n], Vec<double> (&sum)[n]) {
  using V = Vec<double>;
  each<n>([&](int p) { sum[p] = constant<V>(c[terms - 1]); });
#pragma GCC unroll 16
  for (int i = terms - 2; i >= 0; i--) each<n>([&](int p) { sum[p] = constant<V>(c[i]) + z[p] * sum[p]; });
}

/* (0, 1]: (⌊w/2⌋ + ½) 2^−31 with the 24 bits of a float32. */
LANES_INLINE Vec<double> uniform(Words<double> w) {
  using V = Vec<double>;
  const V whole = single(number(w.left<32>().right<33>()));
  return single(whole * constant<V>(0x1p-31) + constant<V>(0x1p-32));
}
LANES_INLINE Vec<float> uniform(Words<float> w) {
  using V = Vec<float>;
  return fma(number(w.right<1>()), constant<V>(0x1p-31f), constant<V>(0x1p-32f));
}

/* ln u of positive normal numbers: `logarithm` of src/data/normal.ts. */
template <int n>
LANES_INLINE void logarithms(const Vec<double> (&u)[n], Vec<double> (&out)[n]) {
  using V = Vec<double>;
  using W = Words<double>;
  V exponent[n], s[n], z[n], sum[n];
  each<n>([&](int p) {
    const W bits = bits_of(u[p]);
    const V raw = bits_as((bits & W::broadcast(0xfffffffffffff)) | W::broadcast(0x3ff0000000000000));
    const V power = number(bits.right<52>()) - constant<V>(1023), one = constant<V>(1);
    const uint32_t small = at_most(raw, constant<V>(series::ROOT_2));
    const V mantissa = keep(small, raw, raw * constant<V>(0.5));
    exponent[p] = keep(small, power, power + one);
    s[p] = divide(mantissa - one, mantissa + one);
    z[p] = s[p] * s[p];
  });
  plain_series(series::LOGARITHM, z, sum);
  each<n>([&](int p) { out[p] = exponent[p] * constant<V>(series::LN_2) + constant<V>(2) * s[p] * sum[p]; });
}

LANES_INLINE Vec<double> logarithm(Vec<double> u) {
  const Vec<double> in[1] = {u};
  Vec<double> out[1];
  logarithms(in, out);
  return out[0];
}

/* The words of a block as the lanes of V, and what they stand for. */
template <class V>
struct Block;

template <>
struct Block<Vec<double>> {
  static constexpr int groups = 1, at_once = 2;
  Words<double> word[1][4];
  LANES_INLINE Words<double> at(int i) const { return word[0][i]; }
};

template <>
struct Block<Vec<float>> {
  static constexpr int groups = 2, at_once = 2;
  Words<double> word[2][4];
  LANES_INLINE Words<float> at(int i) const { return pack(word[0][i], word[1][i]); }
};

/* Pairs of normals, one for each two words, stage by stage together. */
template <int n>
LANES_INLINE void pairs(const Words<float> (&size)[n], const Words<float> (&angle)[n], Vec<float> (&out)[2 * n]) {
  using V = Vec<float>;
  using W = Words<float>;
  V f[n], e[n], tail[n], t[n], z[n], sine[n], cosine[n];
  W shifted[n];
  each<n>([&](int p) {
    const W bits = bits_of(uniform(size[p])), power = (bits - W::broadcast(0x3f3504f3)).right_signed<23>();
    f[p] = bits_as(bits - power.left<23>()) - constant<V>(1);
    e[p] = number(power) * constant<V>(-series::TWO_LN_2);
    shifted[p] = angle[p] + W::broadcast(0x20000000);
    t[p] = number(angle[p].template left<2>()) * constant<V>(0x1p-31f);  // rest 2^−29: the low thirty bits, signed
    z[p] = t[p] * t[p];
    tail[p] = constant<V>(series::P[6]);
    sine[p] = constant<V>(series::S[3]);
    cosine[p] = constant<V>(series::C[3]);
  });
#pragma GCC unroll 8
  for (int i = 5; i >= 0; i--) {
    each<n>([&](int p) { tail[p] = fma(f[p], tail[p], constant<V>(series::P[i])); });
    if (i < 3) each<n>([&](int p) { sine[p] = fma(z[p], sine[p], constant<V>(series::S[i])); });
    if (i < 3) each<n>([&](int p) { cosine[p] = fma(z[p], cosine[p], constant<V>(series::C[i])); });
  }
  each<n>([&](int p) { tail[p] = fma(f[p], tail[p], constant<V>(1)); });
  each<n>([&](int p) { tail[p] = fma(f[p], tail[p], constant<V>(-2)); });
  each<n>([&](int p) { sine[p] = t[p] * sine[p]; });
  each<n>([&](int p) { cosine[p] = fma(z[p], cosine[p], constant<V>(1)); });
  each<n>([&](int p) {
    const V r = root(fma(f[p], tail[p], e[p]));
    const W over = shifted[p] + W::broadcast(0x40000000);
    out[2 * p] = flip(over, r) * choose_left<1>(shifted[p], sine[p], cosine[p]);
    out[2 * p + 1] = flip(shifted[p], r) * choose_left<1>(shifted[p], cosine[p], sine[p]);
  });
}
template <int n>
LANES_INLINE void pairs(const Words<double> (&size)[n], const Words<double> (&angle)[n],
                        Vec<double> (&out)[2 * n]) {
  using V = Vec<double>;
  using W = Words<double>;
  V u[n], ln[n], x[n], z[n], sine[n], cosine[n];
  W shifted[n];
  each<n>([&](int p) {
    u[p] = uniform(size[p]);
    shifted[p] = angle[p] + W::broadcast(0x20000000);
    const V rest = single(number(shifted[p] & W::broadcast(0x3fffffff)) - constant<V>(0x1p29));
    x[p] = rest * constant<V>(series::HALF_PI * 0x1p-30);
    z[p] = x[p] * x[p];
  });
  logarithms(u, ln);
  plain_series(series::SINE, z, sine);
  plain_series(series::COSINE, z, cosine);
  each<n>([&](int p) {
    const V r = root(constant<V>(-2) * ln[p]);
    const W odd = shifted[p].template left<33>(), back = shifted[p].template left<32>();
    const W over = (shifted[p] + W::broadcast(0x40000000)).template left<32>();
    sine[p] = x[p] * sine[p];
    out[2 * p] = flip(over, r) * choose(odd, sine[p], cosine[p]);
    out[2 * p + 1] = flip(back, r) * choose(odd, cosine[p], sine[p]);
  });
}

template <class V, int blocks>
LANES_INLINE void four_normals(const Block<V> (&block)[blocks], V (&n)[4 * blocks]) {
  Words<typename V::Real> size[2 * blocks], angle[2 * blocks];
#pragma GCC unroll 4
  for (int b = 0; b < blocks; b++) {
    size[2 * b] = block[b].at(0);
    angle[2 * b] = block[b].at(1);
    size[2 * b + 1] = block[b].at(2);
    angle[2 * b + 1] = block[b].at(3);
  }
  pairs(size, angle, n);
}

/* The first normal of each block. */
template <class V, int blocks>
LANES_INLINE void first_normals(const Block<V> (&block)[blocks], V (&first)[blocks]) {
  Words<typename V::Real> size[blocks], angle[blocks];
  V n[2 * blocks];
  each<blocks>([&](int b) {
    size[b] = block[b].at(0);
    angle[b] = block[b].at(1);
  });
  pairs(size, angle, n);
  each<blocks>([&](int b) { first[b] = n[2 * b]; });
}

template <class V>
LANES_INLINE V first_normal(const Block<V>& block) {
  const Block<V> one[1] = {block};
  V first[1];
  first_normals(one, first);
  return first[0];
}
}  // namespace lanes
#endif
