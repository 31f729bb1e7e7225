#ifndef JEPALAB_LANES_CHECK_DIGITS_H
#define JEPALAB_LANES_CHECK_DIGITS_H
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

/**
 * A product in precision int8x3, one number at a time (native/lanes/README.md, "In whole numbers"): numbers are rounded to a multiple
 * of 2^(e - 22) of their row or column, e the exponent of its largest, and split into three digits from -128 to 127.
 */
struct Digits {
  std::vector<int32_t> high, middle, low;
  double worth = 0; /* of a unit of `low` */

  Digits(const float* at, int step, int count) : high(count), middle(count), low(count) {
    float largest = 0;
    for (int i = 0; i < count; i++) {
      if (!std::isfinite(at[i * step])) {
        worth = std::nan("");
        return;
      }
      largest = std::fmax(largest, std::fabs(at[i * step]));
    }
    int e;
    const float mantissa = std::frexp(largest, &e); /* largest = mantissa 2^e, mantissa in [0.5, 1) */
    if (mantissa >= 1 - 0x102p-16f) e++; /* the first digit would be 128 */
    if (largest == 0 || e < -104) e = -104;
    worth = std::ldexp(1.0, e - 23);
    for (int i = 0; i < count; i++) {
      const int32_t n = static_cast<int32_t>(std::nearbyint(std::ldexp(double(at[i * step]), 23 - e)));
      low[i] = ((n + 128) & 255) - 128;
      const int32_t rest = (n - low[i]) / 256;
      middle[i] = ((rest + 128) & 255) - 128;
      high[i] = (rest - middle[i]) / 256;
    }
  }
};

inline float whole_product(const Digits& a, const Digits& b) {
  int32_t one = 0, two = 0, three = 0, four = 0;
  for (size_t k = 0; k < a.high.size(); k++) {
    one += a.high[k] * b.high[k];
    two += a.high[k] * b.middle[k] + a.middle[k] * b.high[k];
    three += a.high[k] * b.low[k] + a.middle[k] * b.middle[k] + a.low[k] * b.high[k];
    four += a.middle[k] * b.low[k] + a.low[k] * b.middle[k];
  }
  float sum = std::fma(float(four), 1 / 256.0f, float(three));
  sum = std::fma(sum, 1 / 256.0f, float(two));
  sum = std::fma(sum, 1 / 256.0f, float(one));
  return sum * static_cast<float>(a.worth * 65536 * b.worth * 65536);
}

/** out[i][j] = sum over k of a(i,k) b(k,j); strides in elements. */
inline void whole_products(float* out, int rows, int columns, int inner, const float* a, int ai, int ak,
                           const float* b, int bk, int bj) {
  std::vector<Digits> right;
  for (int j = 0; j < columns; j++) right.emplace_back(b + j * bj, bk, inner);
  for (int i = 0; i < rows; i++) {
    const Digits left(a + i * ai, ak, inner);
    for (int j = 0; j < columns; j++) out[i * columns + j] = whole_product(left, right[j]);
  }
}
#endif
