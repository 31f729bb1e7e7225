/*
 * Draws of one step of R runs, each a function of the run's seed, the step, the stream and the place alone: JepalabNormal and
 * JepalabUniform. The words are Philox 4×32-10 of the seed's two halves and the counter [block, step, 0, stream] (random/philox.h),
 * normals are Box–Muller's in float32 (random/normal.h), uniforms the upper 24 bits of a word, in [0, 1).
 *
 * Blocks come sixteen at a time, 64 numbers: first those of their first words, block by block, then those of their second ones …,
 * whatever the width of the processor.
 */
#include "operation.h"
#include "random/source.h"
#include "registry.h"

namespace kernels {
namespace {
using V = lanes::Vec<float>;

constexpr int blocks_at_once = 16, chunk = 4 * blocks_at_once;
constexpr int64_t chunks_of_item = 16;
constexpr double cycles_of_chunk = 250;
/* Apart from the streams of src/data/philox.ts, which starts and samplers of the same seed draw from. */
constexpr uint32_t first_stream = 0x4e000000;

LANES_INLINE void finish(const lanes::Block<V>& block, V (&out)[4], bool is_normal) {
  if (is_normal) {
    const lanes::Block<V> only[1] = {block};
    lanes::four_normals(only, out);
    return;
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) out[i] = number(block.at(i).template right<8>()) * V::broadcast(0x1p-24f);
}

template <bool is_normal>
struct Draw {
  explicit Draw(Construction& made) : stream(first_stream + static_cast<uint32_t>(made.whole("stream"))), size(made.whole("size")) {}

  void compute(Call& call) const {
    const Tensor seeds = call.input(0), step = call.input(1);
    if (call.failed()) return;
    if (!seeds.is(2) || seeds.dim(1) != 2 || step.size() != 1 || size < 0) {
      return call.refuse("draws of seeds %s at a step %s; they are [R][2] and one number", seeds.shape().c_str(), step.shape().c_str());
    }
    const int64_t runs = seeds.dim(0), chunks = (size + chunk - 1) / chunk, items = (chunks + chunks_of_item - 1) / chunks_of_item;
    const Tensor drawn = call.output(0, {runs, size});
    if (call.failed()) return;
    const uint32_t* const words = reinterpret_cast<const uint32_t*>(seeds.at());
    const int64_t at = *reinterpret_cast<const int32_t*>(step.at());
    float* const to = drawn.at();
    share(runs * items, static_cast<double>(runs * chunks) * cycles_of_chunk, [&](int64_t item) {
      const int64_t r = item / items, first = item % items * chunks_of_item;
      const int64_t seed = static_cast<int64_t>(uint64_t{words[2 * r + 1]} << 32 | words[2 * r]);
      const int64_t last = first + chunks_of_item < chunks ? first + chunks_of_item : chunks;
      some(seed, at, first, last, to + r * size);
    });
  }

 private:
  /* Chunks `first` to `last` of a run whose numbers begin at `to`. */
  void some(int64_t seed, int64_t step, int64_t first, int64_t last, float* to) const {
    int64_t seeds[V::width], steps[V::width];
    for (int l = 0; l < V::width; l++) seeds[l] = seed, steps[l] = step;
    const lanes::Source<V> source(seeds, steps);
    for (int64_t c = first; c < last; c++) {
      const bool is_whole = (c + 1) * chunk <= size;
      alignas(64) float padded[chunk];
      float* const here = is_whole ? to + c * chunk : padded;
      for (int b = 0; b < blocks_at_once; b += V::width) {
        lanes::Block<V> block[1];
        V n[4];
        source.draw_in_turn(static_cast<lanes::Stream>(stream), c * blocks_at_once + b, block);
        finish(block[0], n, is_normal);
        for (int i = 0; i < 4; i++) n[i].store(here + i * blocks_at_once + b);
      }
      if (!is_whole) std::memcpy(to + c * chunk, padded, static_cast<size_t>(size - c * chunk) * sizeof(float));
    }
  }

  uint32_t stream;
  int64_t size;
};
}  // namespace

void register_draw(std::string& trouble) {
  register_operation<Draw<true>>({"JepalabNormal", {"seeds: int32", "step: int32"}, {"drawn: float"}, {"stream: int", "size: int"}}, trouble);
  register_operation<Draw<false>>({"JepalabUniform", {"seeds: int32", "step: int32"}, {"drawn: float"}, {"stream: int", "size: int"}}, trouble);
}
}  // namespace kernels
