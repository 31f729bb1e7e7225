#ifndef JEPALAB_LANES_ADDON_FIELDS_H
#define JEPALAB_LANES_ADDON_FIELDS_H
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

/* How the fields of a JavaScript object become those of a struct of the C interface. */

/* A whole number, int32_t in the struct or, where `wide`, int64_t. */
struct Whole {
  const char *name;
  size_t offset;
  bool wide;
};

/* A pointer into a typed array; null is NULL. */
struct Span {
  const char *name;
  napi_typedarray_type type;
  size_t offset;
};

/* A span and the elements that it must have, by the sizes of the batch. */
template <class Lengths>
struct Array {
  Span span;
  double (*needed)(const Lengths &);
};

void read_wholes(napi_env env, napi_value object, void *base, const Whole *wholes, size_t count);

/*
 * Takes the address of each array. Refusal where one is missing, of another type, detached or shorter than
 * `needed`; `sizes` says what they are needed for. @returns a JavaScript array that holds them all.
 */
napi_value read_spans(napi_env env, napi_value object, void *base, const Span *spans, const double *needed,
                      size_t count, const std::string &sizes);

template <class Lengths, size_t Count>
napi_value read_arrays(napi_env env, napi_value object, void *base, const Array<Lengths> (&arrays)[Count],
                       const Lengths &lengths, const std::string &sizes) {
  Span spans[Count];
  double needed[Count];
  for (size_t i = 0; i < Count; i++) spans[i] = arrays[i].span, needed[i] = arrays[i].needed(lengths);
  return read_spans(env, object, base, spans, needed, Count, sizes);
}

/* A size as a factor of a length: in double, exact to 2^53 and without overflow beyond; what is not positive is 0. */
template <class Size>
double factor(Size size) {
  return size > 0 ? static_cast<double>(size) : 0;
}
#endif
