#ifndef JEPALAB_LANES_WORDS_PORTABLE_H
#define JEPALAB_LANES_WORDS_PORTABLE_H
#include <cstring>
#include <type_traits>

namespace lanes {
template <class Real>
struct Words {
  using Word = std::conditional_t<sizeof(Real) == 8, uint64_t, uint32_t>;
  static constexpr int width = Vec<Real>::width;
  Word v[width];

  template <class F>
  static LANES_INLINE Words each(F f) {
    Words r;
    for (int i = 0; i < width; i++) r.v[i] = static_cast<Word>(f(i));
    return r;
  }
  static LANES_INLINE Words broadcast(uint64_t x) {
    return each([&](int) { return x; });
  }
  static LANES_INLINE Words load(const void* p) {
    Words r;
    std::memcpy(r.v, p, sizeof r.v);
    return r;
  }
  friend LANES_INLINE Words operator^(Words a, Words b) {
    return each([&](int i) { return a.v[i] ^ b.v[i]; });
  }
  friend LANES_INLINE Words operator&(Words a, Words b) {
    return each([&](int i) { return a.v[i] & b.v[i]; });
  }
  friend LANES_INLINE Words operator|(Words a, Words b) {
    return each([&](int i) { return a.v[i] | b.v[i]; });
  }
  friend LANES_INLINE Words operator+(Words a, Words b) {
    return each([&](int i) { return a.v[i] + b.v[i]; });
  }
  friend LANES_INLINE Words operator-(Words a, Words b) {
    return each([&](int i) { return a.v[i] - b.v[i]; });
  }
  friend LANES_INLINE Words xor3(Words a, Words b, Words c) { return a ^ b ^ c; }
  template <int n>
  LANES_INLINE Words left() const {
    return each([&](int i) { return v[i] << n; });
  }
  template <int n>
  LANES_INLINE Words right() const {
    return each([&](int i) { return v[i] >> n; });
  }
  template <int n>
  LANES_INLINE Words right_signed() const {
    static_assert(sizeof(Real) == 4, "32-bit lanes alone");
    return each([&](int i) { return (v[i] >> n) | (v[i] >> 31 != 0 ? ~(~Word{0} >> n) : 0); });
  }
};

template <class Real>
LANES_INLINE Vec<Real> bits_as(Words<Real> w) {
  Vec<Real> r;
  std::memcpy(r.v, w.v, sizeof r.v);
  return r;
}
template <class Real>
LANES_INLINE Words<Real> bits_of(Vec<Real> a) {
  return Words<Real>::load(a.v);
}
template <class Real>
LANES_INLINE Vec<Real> choose(Words<Real> w, Vec<Real> a, Vec<Real> b) {
  return Vec<Real>::each([&](int i) { return w.v[i] >> (8 * sizeof(Real) - 1) != 0 ? a.v[i] : b.v[i]; });
}
template <class Real>
LANES_INLINE Vec<Real> flip(Words<Real> w, Vec<Real> a) {
  const auto top = Words<Real>::broadcast(uint64_t{1} << (8 * sizeof(Real) - 1));
  return bits_as((w & top) ^ bits_of(a));
}
LANES_INLINE Words<double> times(Words<double> a, Words<double> b) {
  return Words<double>::each([&](int i) { return (a.v[i] & 0xffffffff) * (b.v[i] & 0xffffffff); });
}
LANES_INLINE Words<float> pack(Words<double> even, Words<double> odd) {
  return Words<float>::each([&](int i) { return i % 2 == 0 ? even.v[i / 2] : odd.v[i / 2]; });
}
LANES_INLINE Vec<float> number(Words<float> w) {
  return Vec<float>::each([&](int i) { return static_cast<float>(static_cast<int32_t>(w.v[i])); });
}
LANES_INLINE Vec<double> divide(Vec<double> a, Vec<double> b) {
  return Vec<double>::each([&](int i) { return a.v[i] / b.v[i]; });
}
/*
 * To the nearest float32, ties to even, for zero and the normal range of float32. In integers, for the vectoriser of g++ 12
 * drops a cast there and back.
 */
LANES_INLINE Vec<double> single(Vec<double> a) {
  using W = Words<double>;
  const W bits = bits_of(a), last = bits.right<29>() & W::broadcast(1);
  return bits_as((bits + W::broadcast(0xfffffff) + last) & W::broadcast(~uint64_t{0x1fffffff}));
}
template <int n>
LANES_INLINE Vec<float> choose_left(Words<float> w, Vec<float> a, Vec<float> b) {
  return choose(w.left<n>(), a, b);
}
}  // namespace lanes
#endif
