#ifndef JEPALAB_LANES_VEC_PORTABLE_H
#define JEPALAB_LANES_VEC_PORTABLE_H
#include <cmath>
#include <cstdint>

namespace lanes {
constexpr const char* isa_name = "portable";
constexpr int registers = 16;

/* Plain C++: right everywhere, and fast where the compiler has a fused multiply-add of its own (ARM). */
template <class T>
struct Vec {
  using Real = T;
  static constexpr int width = 16 / sizeof(T);
  T v[width];

  template <class F>
  static LANES_INLINE Vec each(F f) {
    Vec r;
    for (int i = 0; i < width; i++) r.v[i] = f(i);
    return r;
  }
  template <class F>
  static LANES_INLINE uint32_t bits(F f) {
    uint32_t mask = 0;
    for (int i = 0; i < width; i++) mask |= static_cast<uint32_t>(f(i)) << i;
    return mask;
  }
  static LANES_INLINE Vec load(const T* p) {
    return each([&](int i) { return p[i]; });
  }
  static LANES_INLINE Vec broadcast(T x) {
    return each([&](int) { return x; });
  }
  static LANES_INLINE Vec zero() { return broadcast(0); }
  LANES_INLINE void store(T* p) const {
    for (int i = 0; i < width; i++) p[i] = v[i];
  }
  friend LANES_INLINE Vec operator+(Vec a, Vec b) {
    return each([&](int i) { return a.v[i] + b.v[i]; });
  }
  friend LANES_INLINE Vec operator-(Vec a, Vec b) {
    return each([&](int i) { return a.v[i] - b.v[i]; });
  }
  friend LANES_INLINE Vec operator*(Vec a, Vec b) {
    return each([&](int i) { return a.v[i] * b.v[i]; });
  }
  friend LANES_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return each([&](int i) { return std::fma(a.v[i], b.v[i], c.v[i]); });
  }
  friend LANES_INLINE Vec fnma(Vec a, Vec b, Vec c) {
    return each([&](int i) { return std::fma(-a.v[i], b.v[i], c.v[i]); });
  }
  friend LANES_INLINE Vec fms(Vec a, Vec b, Vec c) {
    return each([&](int i) { return std::fma(a.v[i], b.v[i], -c.v[i]); });
  }
  friend LANES_INLINE Vec root(Vec a) {
    return each([&](int i) { return std::sqrt(a.v[i]); });
  }
  friend LANES_INLINE uint32_t at_least(Vec a, Vec b) {
    return bits([&](int i) { return a.v[i] >= b.v[i]; });
  }
  friend LANES_INLINE uint32_t at_most(Vec a, Vec b) {
    return bits([&](int i) { return a.v[i] <= b.v[i]; });
  }
  friend LANES_INLINE Vec keep(uint32_t mask, Vec a, Vec b) {
    return each([&](int i) { return (mask >> i & 1) != 0 ? a.v[i] : b.v[i]; });
  }
};
}  // namespace lanes
#endif
