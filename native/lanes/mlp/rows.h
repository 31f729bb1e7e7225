#ifndef JEPALAB_LANES_MLP_ROWS_H
#define JEPALAB_LANES_MLP_ROWS_H
#include <cstdint>

#include "mlp/mlp.h"
#include "random/philox.h"

namespace lanes {
/*
 * rows[0 … count): which samples update number `step` takes, see mlp.h; a vector of blocks at a time. `rows` has room for
 * count rounded up to 32.
 */
inline void draw_rows(int64_t seed, int64_t step, int64_t samples, int count, int32_t* rows) {
  using V = Vec<double>;
  using W = Words<double>;
  const Philox philox(&seed, &step, 0);
  const W stream = philox.entry(static_cast<Stream>(LANES_MLP_STREAM));
  const V n = V::broadcast(static_cast<double>(samples));
  const auto place = [n](W high, W low_word) {
    const W bits = low(high).left<20>() | low(low_word).right<12>();
    return (number(bits) + V::broadcast(0.5)) * V::broadcast(0x1p-52) * n;
  };
  uint64_t block[V::width];
  for (int i = 0; i < V::width; i++) block[i] = i;
  W next = W::load(block);
  for (int first = 0; first < count; first += 2 * V::width) {
    W c[4];
    philox.block(stream, Philox::scaled(next), c);
    double even[V::width], odd[V::width];
    place(c[0], c[1]).store(even);
    place(c[2], c[3]).store(odd);
    for (int i = 0; i < V::width; i++) {
      rows[first + 2 * i] = static_cast<int32_t>(even[i]);
      rows[first + 2 * i + 1] = static_cast<int32_t>(odd[i]);
    }
    next = next + W::broadcast(V::width);
  }
}
}  // namespace lanes
#endif
