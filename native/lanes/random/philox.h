#ifndef JEPALAB_LANES_PHILOX_H
#define JEPALAB_LANES_PHILOX_H
#include <cstdint>

#include "random/words.h"

namespace lanes {
/* The streams of src/data/philox.ts that the kernels draw from. */
enum Stream : uint32_t { BARTLETT = 8, CROSS = 9, CHI = 10 };

/*
 * Philox4x32-10 of the keys and steps of a few runs, one per 64-bit lane: key = seed, counter = [block, step low, step high,
 * stream]. Half of the first two rounds sees neither block nor stream and is done once.
 */
class Philox {
  using W = Words<double>;

 public:
  static constexpr uint64_t M0 = 0xd2511f53, M1 = 0xcd9e8d57;

  /* [lanes] each, `stride` apart. */
  LANES_INLINE Philox(const int64_t* seeds, const int64_t* steps, int stride) {
    const W key = gathered(seeds, stride);
    W k0 = low(key), k1 = key.right<32>();
    for (int round = 0; round < 10; round++) {
      key_[round][0] = k0;
      key_[round][1] = k1;
      k0 = low(k0 + W::broadcast(0x9e3779b9));
      k1 = low(k1 + W::broadcast(0xbb67ae85));
    }
    step_ = gathered(steps, stride);
    begin();
  }

  /* On to the next step of each. */
  LANES_INLINE void next() {
    step_ = step_ + W::broadcast(1);
    begin();
  }

  /*
   * The four words of a block in the low halves; what the high halves hold is nothing.
   *
   * stream: from `entry`. scaled: the number of the block, a lane each, times M0
   */
  LANES_INLINE void start(W stream, W scaled, W c[4]) const {
    const W first = times(scaled.right<32>() ^ stream, W::broadcast(M1));
    c[0] = first.right<32>() ^ after_c0_;
    c[1] = first;
    c[2] = scaled ^ after_c2_;
    c[3] = after_c3_;
  }
  /* Rounds 2 to 9 follow. */
  LANES_INLINE void round(int number, W c[4]) const {
    const W p0 = times(c[0], W::broadcast(M0)), p1 = times(c[2], W::broadcast(M1));
    c[0] = xor3(p1.right<32>(), c[1], key_[number][0]);
    c[1] = p1;
    c[2] = xor3(p0.right<32>(), c[3], key_[number][1]);
    c[3] = p0;
  }

  LANES_INLINE W entry(Stream stream) const { return W::broadcast(stream) ^ key_[0][1]; }
  static LANES_INLINE W scaled(W block) { return times(block, W::broadcast(M0)); }

 private:
  static LANES_INLINE W gathered(const int64_t* from, int stride) {
    int64_t all[Vec<double>::width];
    for (int i = 0; i < Vec<double>::width; i++) all[i] = from[i * stride];
    return W::load(all);
  }

  LANES_INLINE void begin() {
    const W high = times(step_.right<32>(), W::broadcast(M1));
    const W c0 = xor3(high.right<32>(), step_, key_[0][0]);
    const W next = times(c0, W::broadcast(M0));
    after_c0_ = high ^ key_[1][0];
    after_c2_ = next.right<32>() ^ key_[1][1];
    after_c3_ = next;
  }

  W key_[10][2], step_;
  W after_c0_, after_c2_, after_c3_;
};
}  // namespace lanes
#endif
