#ifndef JEPALAB_LANES_MLP_ROWS_H
#define JEPALAB_LANES_MLP_ROWS_H
#include <cstdint>

#include "mlp/mlp.h"
#include "random/words.h"

namespace lanes {
/*
 * rows[0 … count): which samples update number `step` takes, see mlp.h. A lane is a block of one key and
 * step, unlike in random/philox.h, and four vectors of them go through the rounds together. `rows` has room
 * for count rounded up to 64.
 */
inline void draw_rows(int64_t seed, int64_t step, int64_t samples, int count, int32_t* rows) {
  using V = Vec<double>;
  using W = Words<double>;
  constexpr int side = 4, blocks = side * V::width;
  const V n = V::broadcast(static_cast<double>(samples));
  const auto place = [n](W high, W low_word) {
    const W bits = low(high).left<20>() | low(low_word).right<12>();
    return (number(bits) + V::broadcast(0.5)) * V::broadcast(0x1p-52) * n;
  };
  for (int first = 0; first < count; first += 2 * blocks) {
    W c[side][4];  // the words in the low halves; the high halves are not looked at
    for (int v = 0; v < side; v++) {
      uint64_t block[V::width];
      for (int i = 0; i < V::width; i++) block[i] = first / 2 + v * V::width + i;
      c[v][0] = W::load(block);
      c[v][1] = W::broadcast(static_cast<uint64_t>(step));
      c[v][2] = W::broadcast(static_cast<uint64_t>(step) >> 32);
      c[v][3] = W::broadcast(LANES_MLP_STREAM);
    }
    uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 4
      for (int v = 0; v < side; v++) {
        const W a = times(c[v][0], W::broadcast(0xd2511f53)), b = times(c[v][2], W::broadcast(0xcd9e8d57));
        c[v][0] = xor3(b.right<32>(), c[v][1], W::broadcast(k0));
        c[v][1] = b;
        c[v][2] = xor3(a.right<32>(), c[v][3], W::broadcast(k1));
        c[v][3] = a;
      }
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    for (int v = 0; v < side; v++) {
      double even[V::width], odd[V::width];
      place(c[v][0], c[v][1]).store(even);
      place(c[v][2], c[v][3]).store(odd);
      int32_t* to = rows + first + 2 * v * V::width;
      for (int i = 0; i < V::width; i++) {
        to[2 * i] = static_cast<int32_t>(even[i]);
        to[2 * i + 1] = static_cast<int32_t>(odd[i]);
      }
    }
  }
}
}  // namespace lanes
#endif
