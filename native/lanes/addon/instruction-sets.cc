#include <addon/exports.h>
#include <addon/runnable.h>
#include <addon/value.h>

namespace {

napi_value body(napi_env env, napi_callback_info) {
  napi_value list;
  check(env, napi_create_array(env, &list));
  uint32_t at = 0;
  for (const char *name : runnable_instruction_sets()) check(env, napi_set_element(env, list, at++, to_value(env, name)));
  return list;
}

} // namespace

napi_value instruction_sets(napi_env env, napi_callback_info info) { return guarded<body>(env, info); }
