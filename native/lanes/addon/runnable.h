#ifndef JEPALAB_LANES_RUNNABLE_H
#define JEPALAB_LANES_RUNNABLE_H
#include <vector>

/* The builds that this machine runs, slowest first: what the CPU has and the system saves when it switches threads;
 * the compiler's check asks for both. */
inline std::vector<const char *> runnable_instruction_sets() {
  std::vector<const char *> names = {"portable"};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2) names.push_back("avx2");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (avx2 && avx512) names.push_back("avx512");
#endif
  return names;
}
#endif
