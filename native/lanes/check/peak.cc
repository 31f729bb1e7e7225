#include "peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr int kChains = 12; /* latency 4 times two units, with room */
constexpr int64_t kRounds = 20000;

#if defined(__x86_64__)
/* Twelve names, not an array: the compiler must keep each in its register. */
#define STEP(fma, c) \
  c = fma(c, a, b);  \
  asm("" : "+v"(c));
#define PEAK_LOOP(name, isa, type, set, fma, sum)                                                       \
  __attribute__((target(isa))) double name(int64_t rounds) {                                            \
    type a = set(0.999), b = set(1e-3);                                                                 \
    type c0 = b, c1 = b, c2 = b, c3 = b, c4 = b, c5 = b;                                                \
    type c6 = b, c7 = b, c8 = b, c9 = b, c10 = b, c11 = b;                                              \
    for (int64_t r = 0; r < rounds; r++) {                                                              \
      STEP(fma, c0)                                                                                     \
      STEP(fma, c1) STEP(fma, c2) STEP(fma, c3) STEP(fma, c4) STEP(fma, c5) STEP(fma, c6) STEP(fma, c7) \
          STEP(fma, c8) STEP(fma, c9) STEP(fma, c10) STEP(fma, c11)                                     \
    }                                                                                                   \
    return sum(c0) + sum(c1) + sum(c2) + sum(c3) + sum(c4) + sum(c5) + sum(c6) + sum(c7) + sum(c8) +    \
           sum(c9) + sum(c10) + sum(c11);                                                               \
  }
PEAK_LOOP(float512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_cvtss_f32)
PEAK_LOOP(double512, "avx512f", __m512d, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_cvtsd_f64)
PEAK_LOOP(float256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_cvtss_f32)
PEAK_LOOP(double256, "avx2,fma", __m256d, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_cvtsd_f64)
#endif

template <class Real>
double plain_loop(int64_t rounds) {
  constexpr int width = 16 / sizeof(Real);
  typedef Real Vector __attribute__((vector_size(16)));
  Vector acc[kChains], a, b;
  for (int k = 0; k < width; k++) a[k] = Real(0.999), b[k] = Real(1e-3);
  for (int i = 0; i < kChains; i++) acc[i] = b * Real(i + 1);
  for (int64_t r = 0; r < rounds; r++)
    for (int i = 0; i < kChains; i++) acc[i] = acc[i] * a + b;
  double total = 0;
  for (int i = 0; i < kChains; i++) total += acc[i][0];
  return total;
}

struct Loop {
  double (*run)(int64_t);
  int width;
};

Loop best_loop(bool is_double) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return is_double ? Loop{double512, 8} : Loop{float512, 16};
  if (__builtin_cpu_supports("avx2")) return is_double ? Loop{double256, 4} : Loop{float256, 8};
#endif
  return is_double ? Loop{plain_loop<double>, 2} : Loop{plain_loop<float>, 4};
}

}  // namespace

double measure_peak(bool is_double, int threads, double seconds, int attempts) {
  const Loop loop = best_loop(is_double);
  double best = 0;
  for (int attempt = 0; attempt < attempts; attempt++) {
    std::atomic<int64_t> rounds{0};
    std::atomic<double> sink{0};
    std::vector<std::thread> workers;
    const auto from = std::chrono::steady_clock::now();
    const auto until = from + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
    for (int t = 0; t < threads; t++)
      workers.emplace_back([&] {
        while (std::chrono::steady_clock::now() < until) {
          sink.store(loop.run(kRounds));
          rounds += kRounds;
        }
      });
    for (std::thread& worker : workers) worker.join();
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    best = std::max(best, 2.0 * loop.width * kChains * static_cast<double>(rounds.load()) / passed);
  }
  return best;
}
