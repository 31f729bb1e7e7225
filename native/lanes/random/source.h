#ifndef JEPALAB_LANES_SOURCE_H
#define JEPALAB_LANES_SOURCE_H
#include <type_traits>

#include "random/normal.h"

namespace lanes {
/* Draws for the lanes of V, each with a seed and a step of its own. */
template <class V>
class Source {
  using W = Words<double>;

 public:
  using Real = typename V::Real;
  static constexpr int groups = Block<V>::groups;

  /* [V::width] each; lane i of group g is lane i·groups + g of V. */
  Source(const int64_t* seeds, const int64_t* steps)
      : Source(seeds, steps, std::integral_constant<int, groups>()) {}

  /* Blocks `number`, `number` + 1, … for all lanes, round by round together: one alone waits for its own products. */
  template <int n>
  LANES_INLINE void draw(Stream stream, int64_t number, Block<V> (&block)[n]) const {
    W scaled[n][groups];
#pragma GCC unroll 4
    for (int b = 0; b < n; b++)
#pragma GCC unroll 2
      for (int g = 0; g < groups; g++)
        scaled[b][g] = Philox::scaled(W::broadcast(static_cast<uint64_t>(number + b)));
    rounds(stream, scaled, block);
  }

  /* Lane l of block b gets block number + (b·width + l) / each. */
  template <int each = 1, int n>
  LANES_INLINE void draw_in_turn(Stream stream, int64_t number, Block<V> (&block)[n]) const {
    W scaled[n][groups];
#pragma GCC unroll 2
    for (int g = 0; g < groups; g++) {
      uint64_t numbers[Vec<double>::width];
      for (int i = 0; i < Vec<double>::width; i++) numbers[i] = static_cast<uint64_t>((i * groups + g) / each);
      const W turn = Philox::scaled(W::load(numbers));
#pragma GCC unroll 4
      for (int b = 0; b < n; b++) {
        const uint64_t first = static_cast<uint64_t>(number) + b * (V::width / each);
        scaled[b][g] = turn + W::broadcast(first * Philox::M0);  // of numbers below 2^32, as all are
      }
    }
    rounds(stream, scaled, block);
  }

  /* On to the next step of each. */
  LANES_INLINE void next() {
    for (int g = 0; g < groups; g++) philox_[g].next();
  }

 private:
  template <int n>
  LANES_INLINE void rounds(Stream stream, const W (&scaled)[n][groups], Block<V> (&block)[n]) const {
#pragma GCC unroll 4
    for (int b = 0; b < n; b++)
#pragma GCC unroll 2
      for (int g = 0; g < groups; g++)
        philox_[g].start(philox_[g].entry(stream), scaled[b][g], block[b].word[g]);
#pragma GCC unroll 8
    for (int number = 2; number < 10; number++)
#pragma GCC unroll 4
      for (int b = 0; b < n; b++)
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++) philox_[g].round(number, block[b].word[g]);
  }

  Source(const int64_t* seeds, const int64_t* steps, std::integral_constant<int, 1>)
      : philox_{Philox(seeds, steps, 1)} {}
  Source(const int64_t* seeds, const int64_t* steps, std::integral_constant<int, 2>)
      : philox_{Philox(seeds, steps, 2), Philox(seeds + 1, steps + 1, 2)} {}

  Philox philox_[groups];
};

/* out(number, n) for normals 0 … count − 1 of a stream, a lane for each run. */
template <class V, class Out>
LANES_INLINE void normals(const Source<V>& source, Stream stream, int count, Out out) {
  constexpr int blocks = Block<V>::at_once;
  for (int first = 0; first < count; first += 4 * blocks) {
    Block<V> block[blocks];
    V n[4 * blocks];
    source.draw(stream, first / 4, block);
    four_normals(block, n);
    if (first + 4 * blocks <= count) {
#pragma GCC unroll 16
      for (int s = 0; s < 4 * blocks; s++) out(first + s, n[s]);
    } else {
      for (int s = 0; first + s < count; s++) out(first + s, n[s]);
    }
  }
}

/* The same of one run, number by number. */
template <class V, class Out>
LANES_INLINE void normals_in_turn(const Source<V>& source, Stream stream, int count, Out out) {
  for (int first = 0; first < count; first += 4 * V::width) {
    Block<V> block[1];
    V n[4];
    typename V::Real slot[4][V::width];
    source.draw_in_turn(stream, first / 4, block);
    four_normals(block, n);
    for (int s = 0; s < 4; s++) n[s].store(slot[s]);
    for (int l = 0; l < V::width; l++)
      for (int s = 0; s < 4; s++)
        if (first + 4 * l + s < count) out(first + 4 * l + s, slot[s][l]);
  }
}
}  // namespace lanes
#endif
