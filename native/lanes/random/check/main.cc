/*
 * Prints or times the factors A and G that the kernels draw, for one instruction set.
 *
 *   random-check print double|float lanes|matrix D ROWS SEED STEP RUNS
 *   random-check time double|float lanes|matrix D ROWS
 *
 *   random-check triangles
 *
 * Print: run r has seed SEED + r and step STEP + 7r; a line for each run, A [D][D] and then G [D][D], as hexadecimal
 * floats. Time: microseconds a step of all runs that a vector holds (one in the matrix layout), the best of 300 rounds.
 */
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "cpu/braid-moments.h"
#include "random/drawer.h"

using namespace lanes;

namespace {
template <class V, int Runs>
struct Factors {
  using Real = typename V::Real;
  static constexpr bool Lane = Runs == V::width;
  static constexpr int runs = Runs;
  int d, ld;
  std::vector<Real> memory[3];
  Matrix<V, Runs> matrix[3];  // A, A' (matrix layout), G

  explicit Factors(int d) : d(d), ld(Lane ? d : (d + V::width - 1) / V::width + 1) {
    for (int m = 0; m < 3; m++) {
      memory[m].assign(static_cast<std::size_t>(d) * ld * V::width, 0);
      matrix[m] = {memory[m].data(), ld};
    }
  }

  void draw(const int64_t* seeds, const int64_t* steps, int rows) {
    if constexpr (Lane) {
      draw_factors<V>(matrix[0], matrix[2], d, seeds, steps, rows, nullptr);
    } else {
      draw_factors<V>(matrix[0], matrix[1], matrix[2], d, seeds[0], steps[0], rows);
    }
  }

  double at(int m, int run, int r, int c) const {
    return matrix[m].vector(r, 0)[c * Runs + run];
  }
};

template <class V, int Runs>
int print(int d, int rows, int64_t seed, int64_t step, int runs) {
  using Kind = Factors<V, Runs>;
  Kind factors(d);
  for (int first = 0; first < runs; first += Kind::runs) {
    int64_t seeds[Kind::runs], steps[Kind::runs];
    for (int r = 0; r < Kind::runs; r++) {
      seeds[r] = seed + std::min(first + r, runs - 1);
      steps[r] = step + 7 * std::min(first + r, runs - 1);
    }
    factors.draw(seeds, steps, rows);
    for (int r = 0; r < std::min(Kind::runs, runs - first); r++) {
      for (int m : {0, 2})
        for (int i = 0; i < d * d; i++) std::printf("%a ", factors.at(m, r, i / d, i % d));
      std::printf("\n");
      if (Kind::Lane) continue;
      for (int i = 0; i < d * d; i++)
        if (factors.at(1, r, i % d, i / d) != factors.at(0, r, i / d, i % d)) return 1;
      for (int m = 0; m < 3; m++)
        for (int i = 0; i < d; i++)
          for (int j = d; j < factors.ld * V::width; j++)
            if (factors.matrix[m].vector(i, 0)[j] != 0) return 1;  // beyond the last column
    }
  }
  return 0;
}

template <class V, int Runs>
int time(int d, int rows) {
  using Kind = Factors<V, Runs>;
  Kind factors(d);
  int64_t seeds[Kind::runs], steps[Kind::runs];
  for (int r = 0; r < Kind::runs; r++) seeds[r] = 1000 + r, steps[r] = 0;
  const int repeats = std::max(1, 200000 / (d * d * Kind::runs));
  double best = 1e300;
  for (int round = 0; round < 300; round++) {
    const auto from = std::chrono::steady_clock::now();
    for (int k = 0; k < repeats; k++) {
      for (int r = 0; r < Kind::runs; r++) steps[r]++;
      factors.draw(seeds, steps, rows);
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - from;
    best = std::min(best, took.count() / repeats);
  }
  std::printf("%s d %d rows %d runs %d: %.3f us\n", isa_name, d, rows, Kind::runs, best);
  return 0;
}

template <class V, int Runs>
int act(int count, char** words) {
  const auto number = [&](int at) { return std::strtoll(words[at], nullptr, 10); };
  const int d = static_cast<int>(number(4)), rows = static_cast<int>(number(5));
  if (std::strcmp(words[1], "time") == 0) return time<V, Runs>(d, rows);
  if (count < 9) return 2;
  return print<V, Runs>(d, rows, number(6), number(7), static_cast<int>(number(8)));
}
/*
 * R of 200 batches of braids as cpu/braid-moments.h makes it without the triangles' zeros and with them, where W̄ is of a usual size
 * and V is scaled by 1, by what makes sums underflow, and by what is not finite. Prints how often the first was sure, and how often
 * it was sure of other bits. @returns 3 where this build has no braids
 */
int triangles() {
#if defined(LANES_ISA_AVX512)
  for (const float scale : {1.0f, 2e-44f, INFINITY}) {
    lanes_batch b = {};
    b.objective = LANES_JEPA, b.mode = LANES_MOMENTS, b.precision = LANES_FLOAT32, b.depth = 3, b.features = b.width = 16;
    const auto net = std::make_unique<BraidNet>(b);
    uint32_t dice = 5;
    const auto throw_dice = [&] { return static_cast<float>((dice = dice * 1664525 + 1013904223) >> 8) / (1 << 25) - 0.25f; };
    for (int e = 0; e < 16 * 64; e++) {
      net->weight[0].at[e] = scale * throw_dice();
      net->product().at[e] = throw_dice();
    }
    for (int e = 0; e < 64; e++) net->sigma[e] = net->sigma_share[e] = 1;  // ρ and ν are 0
    const int64_t seeds[] = {1, 2, 3, 4}, steps[] = {0, 5, 6, 7};
    BraidFactors factors(seeds, steps, 20);
    int sure = 0, wrong = 0;
    for (int u = 0; u < 200; u++) {
      factors.draw(net->nu, net->lower.at, net->upper.at, net->kick.at);
      const bool is_sure = braid16::residual<Take::lower, Take::upper>(*net);
      const std::vector<float> found(net->residual.at, net->residual.at + 16 * 64);
      braid16::residual<Take::all, Take::all>(*net);
      sure += is_sure;
      wrong += is_sure && std::memcmp(found.data(), net->residual.at, 16 * 64 * sizeof(float)) != 0;
    }
    std::printf("sure %d wrong %d\n", sure, wrong);
  }
  return 0;
#else
  return 3;
#endif
}
}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::strcmp(words[1], "triangles") == 0) return triangles();
  if (count < 6) return 2;
  const bool wide = std::strcmp(words[2], "double") == 0, lane = std::strcmp(words[3], "lanes") == 0;
  if (wide) return lane ? act<Vec<double>, Vec<double>::width>(count, words) : act<Vec<double>, 1>(count, words);
  return lane ? act<Vec<float>, Vec<float>::width>(count, words) : act<Vec<float>, 1>(count, words);
}
