#include <addon/exports.h>
#include <addon/value.h>

#include <vector>

namespace {

/* What the CPU has and the system saves when it switches threads; the compiler's check asks for both. */
std::vector<const char *> runnable() {
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

napi_value body(napi_env env, napi_callback_info) {
  napi_value list;
  check(env, napi_create_array(env, &list));
  uint32_t at = 0;
  for (const char *name : runnable()) check(env, napi_set_element(env, list, at++, to_value(env, name)));
  return list;
}

} // namespace

napi_value instruction_sets(napi_env env, napi_callback_info info) { return guarded<body>(env, info); }
