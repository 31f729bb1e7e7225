#include <addon/batch.h>
#include <addon/fields.h>
#include <addon/value.h>

#include <cstddef>
#include <string>

namespace {

#define INT32(name, field) \
  { name, offsetof(lanes_mlp_batch, field), false }
#define INT64(name, field) \
  { name, offsetof(lanes_mlp_batch, field), true }
const Whole WHOLES[] = {
    INT32("objective", objective), INT32("activation", activation), INT32("linearTop", linear_top),
    INT32("bias", bias),           INT32("precision", precision),   INT32("threads", threads),
    INT32("runs", runs),           INT32("layers", layers),         INT32("outputs", outputs),
    INT32("rows", rows),           INT32("ownData", own_data),      INT64("samples", samples),
    INT64("budget", budget),
};

struct Lengths {
  double runs, sets, samples, inputs, targets, weights, budget;
};

double inputs(const Lengths &n) { return n.sets * n.samples * n.inputs; }
double targets(const Lengths &n) { return n.sets * n.samples * n.targets; }
double runs(const Lengths &n) { return n.runs; }
double pairs(const Lengths &n) { return 2 * n.runs; }
double weights(const Lengths &n) { return n.runs * n.weights; }
double each_update(const Lengths &n) { return n.runs * n.budget; }
double one(const Lengths &) { return 1; }

#define FLOATS(name, field, needed) \
  { {name, napi_float32_array, offsetof(lanes_mlp_batch, field)}, needed }
#define DOUBLES(name, field, needed) \
  { {name, napi_float64_array, offsetof(lanes_mlp_batch, field)}, needed }
#define INTS(name, field, needed) \
  { {name, napi_int32_array, offsetof(lanes_mlp_batch, field)}, needed }
#define LONGS(name, field, needed) \
  { {name, napi_bigint64_array, offsetof(lanes_mlp_batch, field)}, needed }
const Array<Lengths> ARRAYS[] = {
    FLOATS("x", x, inputs),          FLOATS("y", y, targets),       LONGS("seed", seed, runs),
    DOUBLES("rate", rate, runs),     LONGS("end", end, runs),       DOUBLES("weights", weights, weights),
    DOUBLES("carry", carry, weights), LONGS("step", step, runs),    DOUBLES("loss", loss, each_update),
    INTS("status", status, runs),    DOUBLES("lost", lost, pairs),  INTS("cancel", cancel, one),
};

/* `width` is a list of layers + 1 numbers. A `layers` past the limit is the kernels' to refuse. */
void read_widths(napi_env env, napi_value object, lanes_mlp_batch &batch) {
  const napi_value list = property(env, object, "width");
  bool is_list = false;
  check(env, napi_is_array(env, list, &is_list));
  if (!is_list) throw Refusal("width is no list");
  uint32_t count;
  check(env, napi_get_array_length(env, list, &count));
  if (batch.layers < 1 || batch.layers > LANES_MLP_MAX_LAYERS) return;
  const uint32_t needed = static_cast<uint32_t>(batch.layers) + 1;
  if (count < needed) {
    throw Refusal("width has " + std::to_string(count) + " elements; " + std::to_string(needed) +
                  " are needed for " + std::to_string(batch.layers) + " layers");
  }
  for (uint32_t i = 0; i < needed; i++) {
    napi_value width;
    check(env, napi_get_element(env, list, i, &width));
    batch.width[i] = whole_number_32(env, width, "width");
  }
}

Lengths lengths_of(const lanes_mlp_batch &batch, const Library &library) {
  return {factor(batch.runs),
          batch.own_data == 0 ? 1 : factor(batch.runs),
          factor(batch.samples),
          factor(batch.width[0]),
          factor(batch.objective == LANES_MAE ? batch.outputs : batch.width[0]),
          factor(library.mlp_weights(&batch)),
          factor(batch.budget)};
}

std::string sizes_of(const lanes_mlp_batch &batch) {
  return std::to_string(batch.runs) + " runs of " + std::to_string(batch.layers) + " layers on " +
         std::to_string(batch.samples) + " samples of " + std::to_string(batch.width[0]);
}

} // namespace

void read_mlp_sizes(napi_env env, napi_value object, lanes_mlp_batch &batch) {
  batch = {};
  batch.version = LANES_MLP_VERSION;
  batch.bytes = sizeof batch;
  read_wholes(env, object, &batch, WHOLES, sizeof WHOLES / sizeof *WHOLES);
  read_widths(env, object, batch);
}

napi_value read_mlp_batch(napi_env env, napi_value object, const Library &library, lanes_mlp_batch &batch) {
  read_mlp_sizes(env, object, batch);
  return read_arrays(env, object, &batch, ARRAYS, lengths_of(batch, library), sizes_of(batch));
}
