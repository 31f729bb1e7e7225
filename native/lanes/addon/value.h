#ifndef JEPALAB_LANES_ADDON_VALUE_H
#define JEPALAB_LANES_ADDON_VALUE_H
#include <node_api.h>

#include <exception>
#include <stdexcept>
#include <string>

/* An argument that is not as it must be; becomes a TypeError. */
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/* Throws where a call of Node-API failed. An exception that JavaScript threw meanwhile goes before. */
void check(napi_env env, napi_status status);

/* The arguments of a call; missing ones are undefined. */
template <size_t Count>
struct Arguments {
  napi_value at[Count];
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = Count;
    check(env, napi_get_cb_info(env, info, &count, at, nullptr, nullptr));
  }
};

napi_value property(napi_env env, napi_value object, const char *name);
napi_valuetype type_of(napi_env env, napi_value value);

/* A whole number that a double holds exactly. `name` stands in the refusal. */
int64_t whole_number(napi_env env, napi_value value, const char *name);
int32_t whole_number_32(napi_env env, napi_value value, const char *name);

std::string text(napi_env env, napi_value value, const char *name);
napi_value to_value(napi_env env, const std::string &words);
napi_value to_value(napi_env env, double number);

/* Turns what a body throws into an exception of JavaScript. */
void throw_again(napi_env env) noexcept;

template <napi_value (*body)(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    return body(env, info);
  } catch (...) {
    throw_again(env);
    return nullptr;
  }
}
#endif
