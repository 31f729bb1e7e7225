#ifndef JEPALAB_LANES_MLP_ROWS_H
#define JEPALAB_LANES_MLP_ROWS_H
#include <cstdint>

namespace lanes {
/*
 * rows[0 … count): which samples update number `step` takes, see mlp.h. Blocks are worked out sixteen at a time, in
 * loops that the compiler makes SIMD code of. `rows` has room for count rounded up to 32.
 */
inline void draw_rows(int64_t seed, int64_t step, uint32_t stream, int64_t samples, int count, int32_t* rows) {
  constexpr int side = 16;
  const double n = static_cast<double>(samples);
  for (int first = 0; first < count; first += 2 * side) {
    uint32_t c0[side], c1[side], c2[side], c3[side];
    uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
    for (int i = 0; i < side; i++) {
      c0[i] = static_cast<uint32_t>(first / 2 + i);
      c1[i] = static_cast<uint32_t>(step);
      c2[i] = static_cast<uint32_t>(step >> 32);
      c3[i] = stream;
    }
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < side; i++) {
        const uint64_t a = uint64_t{0xd2511f53u} * c0[i], b = uint64_t{0xcd9e8d57u} * c2[i];
        c0[i] = static_cast<uint32_t>(b >> 32) ^ c1[i] ^ k0;
        c2[i] = static_cast<uint32_t>(a >> 32) ^ c3[i] ^ k1;
        c1[i] = static_cast<uint32_t>(b);
        c3[i] = static_cast<uint32_t>(a);
      }
      k0 += 0x9e3779b9u;
      k1 += 0xbb67ae85u;
    }
    const auto row = [n](uint32_t high, uint32_t low) {
      const double unit = (high * 1048576.0 + ((low >> 12) + 0.5)) * 0x1p-52;
      return static_cast<int32_t>(unit * n);
    };
    for (int i = 0; i < side; i++) {
      rows[first + 2 * i] = row(c0[i], c1[i]);
      rows[first + 2 * i + 1] = row(c2[i], c3[i]);
    }
  }
}
}  // namespace lanes
#endif
