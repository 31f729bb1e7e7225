#ifndef JEPALAB_LANES_DIGITS_PORTABLE_H
#define JEPALAB_LANES_DIGITS_PORTABLE_H
#include <limits>
#include <utility>

/* Cuts one number at a time; included by digits.h. */
namespace lanes {
namespace digits {
/* Cuts `count` times k elements, element (n, p) of them at element(n, p), and puts the digits of link p where `place` says. */
template <class Element, class Place>
inline void cut_each(int count, int k, Strip& to, Element element, Place place) {
  std::memset(to.bytes, 0, bytes_of(k));
  for (int n = 0; n < side; n++) {
    uint32_t largest = 0;
    for (int p = 0; n < count && p < k; p++) {
      uint32_t bits;
      const float x = element(n, p);
      std::memcpy(&bits, &x, sizeof bits);
      largest = std::max(largest, bits & 0x7fffffff);
    }
    if (largest > 0x7f7fffff) {
      to.worth[n] = std::numeric_limits<float>::quiet_NaN();
      continue;
    }
    const uint32_t bits = (276 - exponent_of(largest)) << 23;
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    to.worth[n] = 1 / scale;
    for (int p = 0; n < count && p < k; p++) {
      const uint32_t shifted = static_cast<uint32_t>(static_cast<int32_t>(std::nearbyint(element(n, p) * scale)) + 0x808080);
      for (int digit = 0; digit < parts; digit++) {
        const int byte = static_cast<int>(shifted >> (16 - 8 * digit) & 0xff) - 128;
        to.bytes[p / links * parts * tile + digit * tile + place(n, p % links)] = static_cast<int8_t>(byte);
      }
    }
  }
}

/* The byte of a row that link p of a block is. */
inline int byte_of(int p) { return p % 16 / 4 * 16 + p / 16 * 4 + p % 4; }

/* Rows of the source, as a left operand's tiles have them. */
inline void cut_along(const float* at, std::ptrdiff_t row, int rows, int k, Strip& to) {
  cut_each(rows, k, to, [=](int n, int p) { return at[n * row + p]; }, [](int n, int p) { return n * links + byte_of(p); });
}

/* Columns of the source, as a right operand's tiles have them. */
inline void cut_across(const float* at, std::ptrdiff_t row, int k, int columns, Strip& to) {
  cut_each(columns, k, to, [=](int n, int p) { return at[p * row + n]; },
           [](int n, int p) { return byte_of(p) / 4 * links + 4 * n + p % 4; });
}

/* From a left operand's tiles to a right one's, and back: each is 16 × 16 pieces of four bytes. */
inline void turn_tiles(int8_t* bytes, int tiles) {
  for (; tiles > 0; tiles--, bytes += tile)
    for (int r = 0; r < side; r++)
      for (int c = 0; c < r; c++)
        std::swap_ranges(bytes + r * links + 4 * c, bytes + r * links + 4 * c + 4, bytes + c * links + 4 * r);
}

/* Whole numbers as floats, rounded to the nearest. */
template <class V>
LANES_INLINE V whole(const int32_t* from) {
  float x[V::width];
  for (int i = 0; i < V::width; i++) x[i] = static_cast<float>(from[i]);
  return V::load(x);
}
}  // namespace digits
}  // namespace lanes
#endif
