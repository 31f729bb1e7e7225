#include <addon/fields.h>

#include <addon/value.h>

#include <vector>

namespace {

const char *type_name(napi_typedarray_type type) {
  switch (type) {
    case napi_float64_array: return "Float64Array";
    case napi_float32_array: return "Float32Array";
    case napi_int32_array: return "Int32Array";
    default: return "BigInt64Array";
  }
}

std::string digits(double number) {
  return std::to_string(static_cast<unsigned long long>(number < 9e18 ? number : 9e18));
}

/* Where the elements lie. An empty array has an address too: it was given. */
void *elements(napi_env env, napi_value value, const Span &span, double needed, const std::string &sizes) {
  const std::string name = span.name;
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void *data = nullptr;
  napi_value buffer = nullptr;
  if (typed) check(env, napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, nullptr));
  if (!typed || type != span.type) throw Refusal(name + " is no " + type_name(span.type));
  bool detached = false;
  check(env, napi_is_detached_arraybuffer(env, buffer, &detached));
  if (detached) throw Refusal(name + " is detached: its buffer was transferred");
  if (static_cast<double>(length) < needed) {
    throw Refusal(name + " has " + std::to_string(length) + " elements; " + digits(needed) + " are needed for " +
                  sizes);
  }
  static double nothing;
  return data != nullptr ? data : &nothing;
}

} // namespace

void read_wholes(napi_env env, napi_value object, void *base, const Whole *wholes, size_t count) {
  if (type_of(env, object) != napi_object) throw Refusal("the batch is no object");
  for (size_t i = 0; i < count; i++) {
    const Whole &whole = wholes[i];
    char *const at = static_cast<char *>(base) + whole.offset;
    const napi_value value = property(env, object, whole.name);
    if (whole.wide) *reinterpret_cast<int64_t *>(at) = whole_number(env, value, whole.name);
    else *reinterpret_cast<int32_t *>(at) = whole_number_32(env, value, whole.name);
  }
}

napi_value read_spans(napi_env env, napi_value object, void *base, const Span *spans, const double *needed,
                      size_t count, const std::string &sizes) {
  // All getters run before the first address is taken, or one could detach what was read before it.
  std::vector<napi_value> values(count);
  for (size_t i = 0; i < count; i++) values[i] = property(env, object, spans[i].name);
  napi_value arrays;
  check(env, napi_create_array(env, &arrays));
  for (size_t i = 0; i < count; i++) {
    const Span &span = spans[i];
    const napi_valuetype type = type_of(env, values[i]);
    if (type == napi_undefined) throw Refusal(std::string(span.name) + " is missing; null where there is none");
    void *data = nullptr;
    if (type != napi_null) data = elements(env, values[i], span, needed[i], sizes);
    *reinterpret_cast<void **>(static_cast<char *>(base) + span.offset) = data;
    check(env, napi_set_element(env, arrays, static_cast<uint32_t>(i), values[i]));
  }
  return arrays;
}
