#include <addon/value.h>

#include <cmath>
#include <limits>

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info *found = nullptr;
  napi_get_last_error_info(env, &found);
  const bool tells = found != nullptr && found->error_message != nullptr;
  throw std::runtime_error(tells ? found->error_message : "Node-API failed and does not say why");
}

napi_value property(napi_env env, napi_value object, const char *name) {
  napi_value value;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

napi_valuetype type_of(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type;
}

int64_t whole_number(napi_env env, napi_value value, const char *name) {
  if (type_of(env, value) != napi_number) throw Refusal(std::string(name) + " is no number");
  double number;
  check(env, napi_get_value_double(env, value, &number));
  if (std::fabs(number) > 9007199254740991.0 || std::trunc(number) != number) {
    throw Refusal(std::string(name) + " is " + std::to_string(number) + ", not a whole number within 2^53");
  }
  return static_cast<int64_t>(number);
}

int32_t whole_number_32(napi_env env, napi_value value, const char *name) {
  using Limits = std::numeric_limits<int32_t>;
  const int64_t number = whole_number(env, value, name);
  if (number >= Limits::min() && number <= Limits::max()) return static_cast<int32_t>(number);
  throw Refusal(std::string(name) + " is " + std::to_string(number) + ", past what 32 bits hold");
}

std::string text(napi_env env, napi_value value, const char *name) {
  if (type_of(env, value) != napi_string) throw Refusal(std::string(name) + " is no string");
  size_t length;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string words(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, &words[0], length + 1, &length));
  return words;
}

napi_value to_value(napi_env env, const std::string &words) {
  napi_value value;
  check(env, napi_create_string_utf8(env, words.c_str(), words.size(), &value));
  return value;
}

napi_value to_value(napi_env env, double number) {
  napi_value value;
  check(env, napi_create_double(env, number, &value));
  return value;
}

void throw_again(napi_env env) noexcept {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) return; // a getter threw
  try {
    throw;
  } catch (const Refusal &refusal) {
    napi_throw_type_error(env, nullptr, refusal.what());
  } catch (const std::exception &fault) {
    napi_throw_error(env, nullptr, fault.what());
  } catch (...) {
    napi_throw_error(env, nullptr, "the lanes addon failed and does not say why");
  }
}
