#ifndef JEPALAB_LANES_NORMAL_H
#define JEPALAB_LANES_NORMAL_H
#include "random/philox.h"

/*
 * Two standard normals of two words by Box–Muller, as defined in src/data/short-normal.ts. float64 repeats its every
 * operation and has its bits. float32 takes the same u and the same rest through shorter series, in an order that is fixed too:
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
constexpr double LN_2 = 0x1.62e42fefa39efp-1, HALF_PI = 0x1.921fb54442d18p+0, ROOT_2 = 0x1.6a09e667f3bcdp+0;
}  // namespace series

template <class V>
LANES_INLINE V constant(typename V::Real x) {
  return V::broadcast(x);
}

/* first + z (next + z (…)), each step a multiplication and an addition. */
template <class V>
LANES_INLINE V plain_series(V, double last) {
  return constant<V>(last);
}
template <class V, class... Rest>
LANES_INLINE V plain_series(V z, double first, Rest... rest) {
  return constant<V>(first) + z * plain_series(z, rest...);
}

/* The same by fused multiply-adds. */
template <class V, int n>
LANES_INLINE V fused_series(V z, const float (&c)[n]) {
  V sum = constant<V>(c[n - 1]);
#pragma GCC unroll 8
  for (int i = n - 2; i >= 0; i--) sum = fma(z, sum, constant<V>(c[i]));
  return sum;
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
LANES_INLINE Vec<double> logarithm(Vec<double> u) {
  using V = Vec<double>;
  using W = Words<double>;
  const W bits = bits_of(u);
  const V raw = bits_as((bits & W::broadcast(0xfffffffffffff)) | W::broadcast(0x3ff0000000000000));
  const V power = number(bits.right<52>()) - constant<V>(1023);
  const uint32_t small = at_most(raw, constant<V>(series::ROOT_2));
  const V mantissa = keep(small, raw, raw * constant<V>(0.5));
  const V exponent = keep(small, power, power + constant<V>(1));
  const V one = constant<V>(1), s = divide(mantissa - one, mantissa + one), z = s * s;
  const V sum = plain_series(z, 1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
                             1.0 / 19, 1.0 / 21, 1.0 / 23);
  return exponent * constant<V>(series::LN_2) + constant<V>(2) * s * sum;
}

LANES_INLINE Vec<double> radius(Words<double> w) {
  return root(constant<Vec<double>>(-2) * logarithm(uniform(w)));
}
LANES_INLINE Vec<float> radius(Words<float> w) {
  using V = Vec<float>;
  using W = Words<float>;
  const W bits = bits_of(uniform(w)), e = (bits - W::broadcast(0x3f3504f3)).right_signed<23>();
  const V f = bits_as(bits - e.left<23>()) - constant<V>(1);
  const V tail = fma(f, fma(f, fused_series(f, series::P), constant<V>(1)), constant<V>(-2));
  return root(fma(f, tail, number(e) * constant<V>(-series::TWO_LN_2)));
}

/* Cosine and sine of what a word stands for, times r. */
LANES_INLINE void turn(Words<double> w, Vec<double> r, Vec<double>& first, Vec<double>& second) {
  using V = Vec<double>;
  using W = Words<double>;
  const W shifted = w + W::broadcast(0x20000000);
  const V rest = single(number(shifted & W::broadcast(0x3fffffff)) - constant<V>(0x1p29));
  const V x = rest * constant<V>(series::HALF_PI * 0x1p-30), z = x * x;
  const V sine = x * plain_series(z, 1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800,
                                  1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000);
  const V cosine = plain_series(z, 1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                                1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000);
  const W odd = shifted.left<33>(), back = shifted.left<32>(), over = (shifted + W::broadcast(0x40000000)).left<32>();
  first = flip(over, r) * choose(odd, sine, cosine);
  second = flip(back, r) * choose(odd, cosine, sine);
}
LANES_INLINE void turn(Words<float> w, Vec<float> r, Vec<float>& first, Vec<float>& second) {
  using V = Vec<float>;
  using W = Words<float>;
  const W shifted = w + W::broadcast(0x20000000);
  const V t = number((shifted & W::broadcast(0x3fffffff)) - W::broadcast(0x20000000)) * constant<V>(0x1p-29f);
  const V z = t * t;
  const V sine = t * fused_series(z, series::S);
  const V cosine = fma(z, fused_series(z, series::C), constant<V>(1));
  const W odd = shifted.left<1>(), over = shifted + W::broadcast(0x40000000);
  first = flip(over, r) * choose(odd, sine, cosine);
  second = flip(shifted, r) * choose(odd, cosine, sine);
}

/* The words of a block as the lanes of V, and what they stand for. */
template <class V>
struct Block;

template <>
struct Block<Vec<double>> {
  static constexpr int groups = 1;
  Words<double> word[1][4];
  LANES_INLINE Words<double> at(int i) const { return word[0][i]; }
};

template <>
struct Block<Vec<float>> {
  static constexpr int groups = 2;
  Words<double> word[2][4];
  LANES_INLINE Words<float> at(int i) const { return pack(word[0][i], word[1][i]); }
};

template <class V>
LANES_INLINE void four_normals(const Block<V>& block, V n[4]) {
  turn(block.at(1), radius(block.at(0)), n[0], n[1]);
  turn(block.at(3), radius(block.at(2)), n[2], n[3]);
}

template <class V>
LANES_INLINE V first_normal(const Block<V>& block) {
  V first, second;
  turn(block.at(1), radius(block.at(0)), first, second);
  return first;
}
}  // namespace lanes
#endif
