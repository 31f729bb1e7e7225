#ifndef JEPALAB_LANES_RANDOM_BRAID_H
#define JEPALAB_LANES_RANDOM_BRAID_H
#include "cpu/turn.h"
#include "random/chi.h"

#if defined(LANES_ISA_AVX512)
namespace lanes {
/*
 * The factors of `draw_factors` (random/moments.h) for braids of four runs at d = 16, a row of which is four vectors of four
 * columns: a lane is a run and one of four blocks that follow each other. What the runs' seeds and rows alone decide is kept.
 */
class BraidFactors {
 public:
  using V = Vec<float>;
  static constexpr int runs = 4, d = 16, columns = 4, row = columns * V::width;

  /* seeds, steps: [runs] */
  BraidFactors(const int64_t* seeds, const int64_t* steps, int rows) : source_(Lanes(seeds).of, Lanes(steps).of), degrees_(rows, d) {
    for (int c = 0; c < columns; c++) trial_[c / 2][c % 2] = Trial<V>(degrees_, columns * c, Trial<V>::InTurn<runs>());
  }

  /* A, A' and the rows of G, each times its nu, of the step that is due; then the next one is. Above A's diagonal nothing is written. */
  void draw(const float* nu, float* lower, float* upper, float* kick) {
    normal_rows(nu, kick);
    triangle(lower);
    diagonal(lower);
    for (int i = 0; i < d; i += columns)  // the blocks from the diagonal down
      transpose<V, runs>(d - i, i, i + columns, lower + i * row, row, upper + i * runs, row);
    source_.next();
  }

 private:
  /* What each run has, a lane each. */
  struct Lanes {
    int64_t of[V::width];
    explicit Lanes(const int64_t* each) {
      for (int l = 0; l < V::width; l++) of[l] = each[l % runs];
    }
  };

  /* take(i, vectors) for numbers 16 i … 16 i + 15 of a stream; `count` is even. */
  template <class Take>
  LANES_INLINE void sixteens(Stream stream, int count, Take take) const {
    for (int i = 0; i < count; i += 2) {
      Block<V> block[2];
      V n[8], turned[4];
      source_.template draw_in_turn<runs>(stream, columns * i, block);
      four_normals(block, n);
#pragma GCC unroll 2
      for (int b = 0; b < 2; b++) {
        const V four[4] = {n[4 * b], n[4 * b + 1], n[4 * b + 2], n[4 * b + 3]};
        turn_parts(four, turned);
        take(i + b, turned);
      }
    }
  }

  __attribute__((noinline)) void normal_rows(const float* nu, float* kick) const {
    sixteens(CROSS, d, [=](int i, const V (&n)[4]) __attribute__((always_inline)) {
      const V scale = V::repeat<runs>(nu + i * runs);
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++) (scale * n[c]).store(kick + i * row + c * V::width);
    });
  }

  /* Below the diagonal; the numbers lie row after row without gaps. */
  __attribute__((noinline)) void triangle(float* lower) {
    sixteens(BARTLETT, 8, [=](int i, const V (&n)[4]) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++) n[c].store(line_ + i * row + c * V::width);
    });
    const float* from = line_;
    for (int j = 1; j < d; from += j++ * runs) {
      float* to = lower + j * row;
      const int whole = j / columns, rest = j % columns;
      for (int c = 0; c < whole; c++) V::load(from + c * V::width).store(to + c * V::width);
      const auto mask = static_cast<__mmask16>((1u << (rest * runs)) - 1);
      if (rest > 0) _mm512_mask_storeu_ps(to + whole * V::width, mask, _mm512_maskz_loadu_ps(mask, from + whole * V::width));
    }
  }

  __attribute__((noinline)) void diagonal(float* lower) const {
    for (int c = 0; c < columns; c += 2) {
      V value[2];
      chis(trial_[c / 2], value, [&](int64_t t, int from, auto& block) {
        source_.template draw_in_turn<runs>(CHI, columns * (c + from) + t * TRY, block);
      });
      for (int b = 0; b < 2; b++) {
        float each[V::width];
        value[b].store(each);
        for (int e = 0; e < columns; e++) {
          const int j = columns * (c + b) + e;
          _mm_storeu_ps(lower + j * row + j * runs, _mm_loadu_ps(each + e * runs));
        }
      }
    }
  }

  Source<V> source_;
  Degrees degrees_;
  Trial<V> trial_[columns / 2][2];
  float line_[8 * row];
};
}  // namespace lanes
#endif
#endif
