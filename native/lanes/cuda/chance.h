#ifndef JEPALAB_LANES_CUDA_CHANCE_H
#define JEPALAB_LANES_CUDA_CHANCE_H
#include <cstring>

#include "cuda/arithmetic.h"

/*
 * native/lanes/random one number at a time: the same words, the same operations in the same order, so the
 * same bits. A sum of a product is fused where random/ fuses it and nowhere else (nvcc -fmad=false, g++
 * -ffp-contract=off).
 */
namespace lanes::card {

enum Stream : uint32_t { BARTLETT = 8, CROSS = 9, CHI = 10 };

struct Words {
  uint32_t at[4];
};

/* Philox4x32-10: key = seed, counter = [number, step low, step high, stream]. */
LANES_CARD Words philox(uint64_t seed, uint64_t step, uint32_t stream, uint32_t number) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  uint32_t c0 = number, c1 = static_cast<uint32_t>(step), c2 = static_cast<uint32_t>(step >> 32), c3 = stream;
  LANES_UNROLL
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = uint64_t{0xd2511f53} * c0, p1 = uint64_t{0xcd9e8d57} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return {{c0, c1, c2, c3}};
}

template <class To, class From>
LANES_CARD To bits_as(From from) {
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

/* first + z (next + z (…)), each step a multiplication and an addition. */
LANES_CARD double plain_series(double, double last) {
  return last;
}
template <class... Rest>
LANES_CARD double plain_series(double z, double first, Rest... rest) {
  return first + z * plain_series(z, rest...);
}
LANES_CARD float fused_series(float, float last) {
  return last;
}
template <class... Rest>
LANES_CARD float fused_series(float z, float first, Rest... rest) {
  return fused(z, fused_series(z, rest...), first);
}

LANES_CARD double natural_logarithm(double u) {
  const uint64_t bits = bits_as<uint64_t>(u);
  const double raw = bits_as<double>((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
  const double power = static_cast<double>(bits >> 52) - 1023.0;
  const bool small = raw <= 0x1.6a09e667f3bcdp+0;
  const double mantissa = small ? raw : raw * 0.5, exponent = small ? power : power + 1.0;
  const double s = (mantissa - 1.0) / (mantissa + 1.0), z = s * s;
  const double sum = plain_series(z, 1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15,
                                  1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23);
  return exponent * 0x1.62e42fefa39efp-1 + 2.0 * s * sum;
}

LANES_CARD double rounded(double a) {
  return static_cast<double>(static_cast<float>(a));
}

/* (0, 1] of a word. */
template <class Real>
LANES_CARD Real uniform(uint32_t w) {
  if constexpr (sizeof(Real) == 8)
    return rounded(rounded(static_cast<double>(w >> 1)) * 0x1p-31 + 0x1p-32);
  else
    return fused(static_cast<float>(static_cast<int32_t>(w >> 1)), 0x1p-31f, 0x1p-32f);
}

template <class Real>
LANES_CARD Real radius(uint32_t w) {
  if constexpr (sizeof(Real) == 8) {
    return root(-2.0 * natural_logarithm(uniform<double>(w)));
  } else {
    const uint32_t bits = bits_as<uint32_t>(uniform<float>(w));
    const int32_t e = static_cast<int32_t>(bits - 0x3f3504f3u) >> 23;
    const float f = bits_as<float>(bits - (static_cast<uint32_t>(e) << 23)) - 1.0f;
    const float p = fused_series(f, -0x1.5556d8p-1f, 0x1.000382p-1f, -0x1.98d7f2p-2f, 0x1.53824ap-2f,
                                 -0x1.317458p-2f, 0x1.2432b8p-2f, -0x1.645eap-3f);
    const float tail = fused(f, fused(f, p, 1.0f), -2.0f);
    return root(fused(f, tail, static_cast<float>(e) * -0x1.62e43p+0f));
  }
}

/* The two normals of a radius and a word. */
template <class Real>
LANES_CARD void turn(uint32_t w, Real r, Real& first, Real& second) {
  const uint32_t shifted = w + 0x20000000u;
  Real sine, cosine;
  if constexpr (sizeof(Real) == 8) {
    const double rest = rounded(static_cast<double>(shifted & 0x3fffffffu) - 0x1p29);
    const double x = rest * (0x1.921fb54442d18p+0 * 0x1p-30), z = x * x;
    sine = x * plain_series(z, 1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800,
                            1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000);
    cosine = plain_series(z, 1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                          1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000);
  } else {
    const float t =
        static_cast<float>(static_cast<int32_t>((shifted & 0x3fffffffu) - 0x20000000u)) * 0x1p-29f;
    const float z = t * t;
    sine = t * fused_series(z, 0x1.921fb6p-1f, -0x1.4abbbap-4f, 0x1.465ec6p-9f, -0x1.2d9bb8p-15f);
    cosine =
        fused(z, fused_series(z, -0x1.3bd3ccp-2f, 0x1.03c1dep-6f, -0x1.55c664p-12f, 0x1.d9f7bcp-19f), 1.0f);
  }
  const bool odd = (shifted >> 30 & 1) != 0, back = shifted >> 31 != 0,
             over = (shifted + 0x40000000u) >> 31 != 0;
  first = (over ? -r : r) * (odd ? sine : cosine);
  second = (back ? -r : r) * (odd ? cosine : sine);
}

/* Normals 4 n … 4 n + 3 of a stream, from its block n. */
template <class Real>
LANES_CARD void four_normals(const Words& words, Real (&n)[4]) {
  turn(words.at[1], radius<Real>(words.at[0]), n[0], n[1]);
  turn(words.at[3], radius<Real>(words.at[2]), n[2], n[3]);
}

template <class Real>
LANES_CARD Real first_normal(const Words& words) {
  Real first, second;
  turn(words.at[1], radius<Real>(words.at[0]), first, second);
  return first;
}

LANES_CARD float size_of(float a) {
  return fabsf(a);
}
LANES_CARD double size_of(double a) {
  return fabs(a);
}

LANES_CARD bool is_squeezed(double share, double y, double u) {
  const double size = size_of(y), square = y * y;
  const double bound = 1.0 - share * (square * square) / (1.0 - size);
  return !(size >= 1.0) && !(u >= bound);
}

/* Whether Marsaglia and Tsang take a try, in the operations of src/data/chi.ts. */
LANES_CARD bool is_taken(double c, double D, const Words& words) {
  const double x = first_normal<double>(words), u = uniform<double>(words.at[2]);
  const double y = c * x, more = 1.0 + y, v = more * more * more;
  const double h = 0.5 * (x * x) + D * (1.0 - v + natural_logarithm(v));
  return is_squeezed(0.75 * D, y, u) || (!(y <= -1.0) && !(natural_logarithm(u) >= h));
}

/* Surely taken; float32 leaves 1e-5 of room and has the rest decided in float64. */
LANES_CARD bool is_surely_taken(double D, double y, double u) {
  return is_squeezed(0.75 * D, y, u);
}
LANES_CARD bool is_surely_taken(double D, float y, float u) {
  const float room = 1.0f - size_of(y), square = y * y;
  const float left = (1.0f - 1e-5f - u) * room;
  return left >= static_cast<float>(0.75 * D) * (square * square) && room >= 0x1p-20f;
}

/* chi(rows − j), the diagonal of A. */
template <class Real>
LANES_CARD Real chi(uint64_t seed, uint64_t step, int rows, int j) {
  const int degrees = rows - j > 1 ? rows - j : 1;
  const double D = degrees * 0.5 - 1.0 / 3, c = 1.0 / root(9.0 * D);
  for (uint32_t attempt = 0;; attempt++) {
    const Words words = philox(seed, step, CHI, static_cast<uint32_t>(j) + attempt * 1024u);
    const Real x = first_normal<Real>(words), y = static_cast<Real>(c) * x, more = Real(1) + y;
    if (degrees <= 1) return size_of(x);
    if (is_surely_taken(D, y, uniform<Real>(words.at[2])) || is_taken(c, D, words))
      return root(static_cast<Real>(2 * D) * (more * more * more));
  }
}

}  // namespace lanes::card
#endif
