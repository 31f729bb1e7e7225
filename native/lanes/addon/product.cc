#include <addon/exports.h>
#include <addon/fields.h>
#include <addon/library.h>
#include <addon/value.h>
#include <probes/product.h>

#include <cstddef>
#include <string>

namespace {

#define INT64(name, field) \
  { name, offsetof(lanes_product_call, field), true }
const Whole WHOLES[] = {
    INT64("m", m),          INT64("n", n),       INT64("k", k),
    INT64("aRow", a_row),   INT64("aCol", a_col), INT64("bRow", b_row),
    INT64("bCol", b_col),   {"lower", offsetof(lanes_product_call, lower), false},
};

/* Elements up to and with the last one that is read. */
double reach(int64_t rows, int64_t row, int64_t columns, int64_t column) {
  if (rows <= 0 || columns <= 0) return 0;
  return factor(rows - 1) * factor(row) + factor(columns - 1) * factor(column) + 1;
}
double left(const lanes_product_call &p) { return reach(p.m, p.a_row, p.k, p.a_col); }
double right(const lanes_product_call &p) { return reach(p.k, p.b_row, p.n, p.b_col); }
double all(const lanes_product_call &p) { return factor(p.m) * factor(p.n); }

#define DOUBLES(name, field, needed) \
  { {name, napi_float64_array, offsetof(lanes_product_call, field)}, needed }
const Array<lanes_product_call> ARRAYS[] = {DOUBLES("a", a, left), DOUBLES("b", b, right), DOUBLES("out", out, all)};

napi_value product_body(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const auto library = from_handle(env, given.at[0]);
  if (library->product == nullptr) throw std::runtime_error("the lanes library for " + library->name + " has no product");
  lanes_product_call call = {};
  read_wholes(env, given.at[1], &call, WHOLES, sizeof WHOLES / sizeof *WHOLES);
  const std::string sizes =
      std::to_string(call.m) + " × " + std::to_string(call.k) + " times " + std::to_string(call.k) + " × " + std::to_string(call.n);
  read_arrays(env, given.at[1], &call, ARRAYS, call, sizes);
  return to_value(env, library->product(&call));
}

} // namespace

napi_value multiply_matrices(napi_env env, napi_callback_info info) { return guarded<product_body>(env, info); }
