#include <addon/batch.h>

#include <addon/value.h>

#include <cstddef>
#include <string>

static_assert(sizeof(lanes_passage) == 4 * sizeof(double), "PASSAGE of workers/engines/lanes/batch.ts");

namespace {

struct Size {
  const char *name;
  size_t offset;
};

#define SIZE(name, field) \
  { name, offsetof(lanes_batch, field) }
const Size SIZES[] = {
    SIZE("objective", objective), SIZE("mode", mode),         SIZE("form", form),
    SIZE("precision", precision), SIZE("layout", layout),     SIZE("threads", threads),
    SIZE("runs", runs),           SIZE("depth", depth),       SIZE("features", features),
    SIZE("width", width),         SIZE("rows", rows),         SIZE("rateTable", rate_table),
    SIZE("rungs", rungs),         SIZE("points", points),     SIZE("capacity", capacity),
};

/* What array lengths are made of. In double, exact to 2^53 and without overflow beyond. */
struct Lengths {
  double runs, features, weights, budget, points, rungs, capacity;
  bool full, table;
};

double at_least_0(double number) { return number > 0 ? number : 0; }

double form(const Lengths &n) { return n.runs * n.features * (n.full ? n.features : 1); }
double squares(const Lengths &n) { return n.runs * n.features * n.features; }
double each_update(const Lengths &n) { return n.runs * n.budget * n.features * n.features; }
double rates(const Lengths &n) { return n.runs * (n.table ? n.budget : 1); }
double runs(const Lengths &n) { return n.runs; }
double pairs(const Lengths &n) { return 2 * n.runs; }
double features(const Lengths &n) { return n.runs * n.features; }
double weights(const Lengths &n) { return n.runs * n.weights; }
double integrators(const Lengths &n) { return n.runs * LANES_INTEGRATOR; }
double rungs(const Lengths &n) { return n.rungs; }
double points(const Lengths &n) { return n.runs * n.points; }
double measured(const Lengths &n) { return n.runs * n.points * (1 + n.features); }
double passages(const Lengths &n) { return n.runs * n.capacity * 4; }
double one(const Lengths &) { return 1; }

struct Array {
  const char *name;
  napi_typedarray_type type;
  size_t offset;
  double (*needed)(const Lengths &);
};

#define DOUBLES(name, field, needed) \
  { name, napi_float64_array, offsetof(lanes_batch, field), needed }
#define INT32(name, field, needed) \
  { name, napi_int32_array, offsetof(lanes_batch, field), needed }
#define INT64(name, field, needed) \
  { name, napi_bigint64_array, offsetof(lanes_batch, field), needed }
const Array ARRAYS[] = {
    DOUBLES("sxx", sxx, features),
    DOUBLES("syx", syx, form),
    DOUBLES("syy", syy, squares),
    DOUBLES("directions", directions, squares),
    DOUBLES("slope", slope, form),
    DOUBLES("noise", noise, form),
    DOUBLES("batchSxx", batch_sxx, each_update),
    DOUBLES("batchSyx", batch_syx, each_update),
    INT64("seed", seed, runs),
    DOUBLES("rate", rate, rates),
    DOUBLES("momentum", momentum, runs),
    DOUBLES("end", end, runs),
    DOUBLES("weights", weights, weights),
    DOUBLES("carry", carry, weights),
    DOUBLES("velocity", velocity, weights),
    DOUBLES("integrator", integrator, integrators),
    INT64("step", step, runs),
    DOUBLES("time", time, runs),
    DOUBLES("ladder", ladder, rungs),
    INT32("above", above, features),
    INT32("below", below, features),
    DOUBLES("looked", looked, features),
    DOUBLES("lookedAt", looked_at, runs),
    DOUBLES("point", point, points),
    INT32("nextPoint", next_point, runs),
    DOUBLES("row", row, measured),
    INT64("rowStep", row_step, points),
    DOUBLES("passage", passage, passages),
    INT32("passages", passages, runs),
    INT32("status", status, runs),
    DOUBLES("lost", lost, pairs),
    INT64("evaluations", evaluations, runs),
    INT32("cancel", cancel, one),
};

const char *type_name(napi_typedarray_type type) {
  if (type == napi_float64_array) return "Float64Array";
  return type == napi_int32_array ? "Int32Array" : "BigInt64Array";
}

Lengths lengths_of(const lanes_batch &batch, const Library &library) {
  const int64_t weights = library.weights(batch.objective, batch.depth, batch.features, batch.width);
  const auto size = [](auto number) { return at_least_0(static_cast<double>(number)); };
  return {size(batch.runs),
          size(batch.features),
          size(weights),
          size(batch.budget),
          size(batch.points),
          size(batch.rungs),
          size(batch.capacity),
          batch.form == LANES_FULL,
          batch.rate_table == 1};
}

std::string sizes_of(const lanes_batch &batch) {
  return std::to_string(batch.runs) + " runs of depth " + std::to_string(batch.depth) + ", " +
         std::to_string(batch.features) + " features and width " + std::to_string(batch.width);
}

/* Where the elements lie. An empty array has an address too: it was given. */
void *elements(napi_env env, napi_value value, const Array &array, const lanes_batch &batch, double needed) {
  const std::string name = array.name;
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void *data = nullptr;
  napi_value buffer = nullptr;
  if (typed) check(env, napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, nullptr));
  if (!typed || type != array.type) throw Refusal(name + " is no " + type_name(array.type));
  bool detached = false;
  check(env, napi_is_detached_arraybuffer(env, buffer, &detached));
  if (detached) throw Refusal(name + " is detached: its buffer was transferred");
  if (static_cast<double>(length) < needed) {
    const auto count = static_cast<unsigned long long>(needed < 9e18 ? needed : 9e18);
    throw Refusal(name + " has " + std::to_string(length) + " elements; " + std::to_string(count) +
                  " are needed for " + sizes_of(batch));
  }
  static double nothing;
  return data != nullptr ? data : &nothing;
}

} // namespace

ReadBatch read_batch(napi_env env, napi_value object, const Library &library) {
  if (type_of(env, object) != napi_object) throw Refusal("the batch is no object");
  ReadBatch read = {};
  lanes_batch &batch = read.batch;
  batch.version = LANES_VERSION;
  batch.bytes = sizeof batch;
  char *const base = reinterpret_cast<char *>(&batch);
  for (const Size &size : SIZES) {
    const int32_t number = whole_number_32(env, property(env, object, size.name), size.name);
    *reinterpret_cast<int32_t *>(base + size.offset) = number;
  }
  batch.budget = whole_number(env, property(env, object, "budget"), "budget");
  const Lengths lengths = lengths_of(batch, library);
  // Getters have run by the time a pointer is taken, or one of them could detach what was read before it.
  constexpr size_t count = sizeof ARRAYS / sizeof *ARRAYS;
  napi_value values[count];
  for (size_t i = 0; i < count; i++) values[i] = property(env, object, ARRAYS[i].name);
  check(env, napi_create_array(env, &read.arrays));
  for (size_t i = 0; i < count; i++) {
    const Array &array = ARRAYS[i];
    const napi_valuetype type = type_of(env, values[i]);
    if (type == napi_undefined) throw Refusal(std::string(array.name) + " is missing; null where there is none");
    void *data = nullptr;
    if (type != napi_null) data = elements(env, values[i], array, batch, array.needed(lengths));
    *reinterpret_cast<void **>(base + array.offset) = data;
    check(env, napi_set_element(env, read.arrays, static_cast<uint32_t>(i), values[i]));
  }
  return read;
}
