#include <addon/batch.h>

#include <addon/fields.h>
#include <addon/value.h>

#include <cstddef>
#include <string>

static_assert(sizeof(lanes_passage) == 4 * sizeof(double), "PASSAGE of workers/engines/lanes/batch.ts");

namespace {

#define INT32(name, field) \
  { name, offsetof(lanes_batch, field), false }
#define INT64(name, field) \
  { name, offsetof(lanes_batch, field), true }
const Whole WHOLES[] = {
    INT32("objective", objective), INT32("mode", mode),         INT32("form", form),
    INT32("precision", precision), INT32("layout", layout),     INT32("threads", threads),
    INT32("runs", runs),           INT32("depth", depth),       INT32("features", features),
    INT32("width", width),         INT32("rows", rows),         INT32("rateTable", rate_table),
    INT32("rungs", rungs),         INT32("points", points),     INT32("capacity", capacity),
    INT64("budget", budget),
};

struct Lengths {
  double runs, features, weights, budget, points, rungs, capacity;
  bool full, table;
};

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

#define DOUBLES(name, field, needed) \
  { {name, napi_float64_array, offsetof(lanes_batch, field)}, needed }
#define INTS(name, field, needed) \
  { {name, napi_int32_array, offsetof(lanes_batch, field)}, needed }
#define LONGS(name, field, needed) \
  { {name, napi_bigint64_array, offsetof(lanes_batch, field)}, needed }
const Array<Lengths> ARRAYS[] = {
    DOUBLES("sxx", sxx, features),
    DOUBLES("syx", syx, form),
    DOUBLES("syy", syy, squares),
    DOUBLES("directions", directions, squares),
    DOUBLES("slope", slope, form),
    DOUBLES("noise", noise, form),
    DOUBLES("batchSxx", batch_sxx, each_update),
    DOUBLES("batchSyx", batch_syx, each_update),
    LONGS("seed", seed, runs),
    DOUBLES("rate", rate, rates),
    DOUBLES("momentum", momentum, runs),
    DOUBLES("end", end, runs),
    DOUBLES("weights", weights, weights),
    DOUBLES("carry", carry, weights),
    DOUBLES("velocity", velocity, weights),
    DOUBLES("integrator", integrator, integrators),
    LONGS("step", step, runs),
    DOUBLES("time", time, runs),
    DOUBLES("ladder", ladder, rungs),
    INTS("above", above, features),
    INTS("below", below, features),
    DOUBLES("looked", looked, features),
    DOUBLES("lookedAt", looked_at, runs),
    DOUBLES("point", point, points),
    INTS("nextPoint", next_point, runs),
    DOUBLES("row", row, measured),
    LONGS("rowStep", row_step, points),
    DOUBLES("passage", passage, passages),
    INTS("passages", passages, runs),
    INTS("status", status, runs),
    DOUBLES("lost", lost, pairs),
    LONGS("evaluations", evaluations, runs),
    INTS("cancel", cancel, one),
};

Lengths lengths_of(const lanes_batch &batch, const Library &library) {
  const int64_t weights = library.weights(batch.objective, batch.depth, batch.features, batch.width);
  return {factor(batch.runs),   factor(batch.features), factor(weights),        factor(batch.budget),
          factor(batch.points), factor(batch.rungs),    factor(batch.capacity), batch.form == LANES_FULL,
          batch.rate_table == 1};
}

std::string sizes_of(const lanes_batch &batch) {
  return std::to_string(batch.runs) + " runs of depth " + std::to_string(batch.depth) + ", " +
         std::to_string(batch.features) + " features and width " + std::to_string(batch.width);
}

} // namespace

napi_value read_batch(napi_env env, napi_value object, const Library &library, lanes_batch &batch) {
  batch = {};
  batch.version = LANES_VERSION;
  batch.bytes = sizeof batch;
  read_wholes(env, object, &batch, WHOLES, sizeof WHOLES / sizeof *WHOLES);
  return read_arrays(env, object, &batch, ARRAYS, lengths_of(batch, library), sizes_of(batch));
}
