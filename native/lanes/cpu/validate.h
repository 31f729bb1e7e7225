#ifndef JEPALAB_LANES_VALIDATE_H
#define JEPALAB_LANES_VALIDATE_H
#include <cmath>
#include <cstddef>
#include <cstdio>

#include "cpu/precision.h"
#include "cpu/vec.h"
#include "lanes.h"

namespace lanes {
/* The sentence of `lanes_last_error`. */
inline char* error_text() {
  static thread_local char text[256] = "";
  return text;
}
constexpr std::size_t error_size = 256;

inline int32_t refuse(int32_t code, const char* fact, long long number) {
  std::snprintf(error_text(), error_size, fact, number);
  return code;
}

inline int32_t check_sizes(const lanes_batch& b) {
  if (b.runs < 1) return refuse(LANES_BAD_SHAPE, "A batch has %lld runs; give at least 1.", b.runs);
  if (b.depth < 1 || b.depth > LANES_MAX_DEPTH)
    return refuse(LANES_BAD_SHAPE, "The depth is %lld; lanes trains depths 1 to 8.", b.depth);
  if (b.features < 1 || b.features > LANES_MAX_FEATURES)
    return refuse(LANES_BAD_SHAPE, "There are %lld features; lanes trains 1 to 1024.", b.features);
  if (b.width < b.features || b.width > LANES_MAX_WIDTH)
    return refuse(LANES_BAD_SHAPE, "The width is %lld; it must be at least the number of features and at most 1024.", b.width);
  if (b.threads < 1 || b.threads > 256) return refuse(LANES_BAD_SHAPE, "%lld threads are asked for; give 1 to 256.", b.threads);
  if (b.budget < 1) return refuse(LANES_BAD_SHAPE, "The budget is %lld updates; give at least 1.", b.budget);
  if (b.rungs < 0) return refuse(LANES_BAD_SHAPE, "The ladder has %lld rungs; give 0 or more.", b.rungs);
  if (b.points < 0) return refuse(LANES_BAD_SHAPE, "There are %lld measurement points; give 0 or more.", b.points);
  if (b.capacity < 1) return refuse(LANES_BAD_SHAPE, "There is room for %lld passages; give at least 1.", b.capacity);
  if (b.mode == LANES_MOMENTS && b.rows < b.features)
    return refuse(LANES_BAD_SHAPE, "A batch of %lld rows has fewer rows than features; draw the samples.", b.rows);
  return LANES_OK;
}

inline int32_t check_modes(const lanes_batch& b) {
  const auto within = [](int32_t x, int32_t most) { return x >= 0 && x <= most; };
  if (!within(b.objective, LANES_MAE)) return refuse(LANES_BAD_MODE, "Objective %lld is unknown.", b.objective);
  if (!within(b.mode, LANES_GIVEN)) return refuse(LANES_BAD_MODE, "Mode %lld is unknown.", b.mode);
  if (!within(b.form, LANES_FULL)) return refuse(LANES_BAD_MODE, "Form %lld is unknown.", b.form);
  if (!within(b.precision, LANES_INT8X3)) return refuse(LANES_BAD_MODE, "Precision %lld is unknown.", b.precision);
  if (!within(b.layout, LANES_BRAID)) return refuse(LANES_BAD_MODE, "Layout %lld is unknown.", b.layout);
  if (!within(b.rate_table, 1)) return refuse(LANES_BAD_MODE, "rate_table is %lld; it is 0 or 1.", b.rate_table);
  if (b.mode == LANES_FLOW && b.precision != LANES_FLOAT64)
    return refuse(LANES_BAD_MODE, "Flow in precision %lld does not exist; it is float64 (2).", b.precision);
  return LANES_OK;
}

inline int32_t check_arrays(const lanes_batch& b) {
  const bool flow = b.mode == LANES_FLOW, moments = b.mode == LANES_MOMENTS, given = b.mode == LANES_GIVEN;
  const struct {
    const void* array;
    bool needed;
    const char* name;
  } arrays[] = {
      {b.sxx, true, "sxx"}, {b.syx, true, "syx"}, {b.syy, true, "syy"}, {b.slope, moments, "slope"},
      {b.noise, moments, "noise"}, {b.seed, moments, "seed"}, {b.batch_sxx, given, "batch_sxx"},
      {b.batch_syx, given, "batch_syx"}, {b.rate, !flow, "rate"}, {b.end, true, "end"}, {b.weights, true, "weights"},
      {b.carry, carries(b), "carry"}, {b.velocity, b.momentum != nullptr, "velocity"},
      {b.integrator, flow, "integrator"}, {b.step, true, "step"}, {b.time, flow, "time"},
      {b.ladder, b.rungs > 0, "ladder"}, {b.above, true, "above"}, {b.below, true, "below"},
      {b.looked, true, "looked"}, {b.looked_at, true, "looked_at"}, {b.point, b.points > 0, "point"},
      {b.next_point, true, "next_point"}, {b.row, b.points > 0, "row"},
      {b.row_step, flow && b.points > 0, "row_step"}, {b.passage, true, "passage"},
      {b.passages, true, "passages"}, {b.status, true, "status"}, {b.lost, true, "lost"},
      {b.evaluations, flow, "evaluations"},
  };
  for (const auto& [array, needed, name] : arrays) {
    if (!needed || array != nullptr) continue;
    std::snprintf(error_text(), error_size, "The array %s is missing, which this batch needs.", name);
    return LANES_BAD_POINTER;
  }
  return LANES_OK;
}

inline int32_t check(const lanes_batch* b) {
  error_text()[0] = '\0';
  if (b == nullptr) return refuse(LANES_BAD_POINTER, "There is no batch: its address is %lld.", 0);
  if (b->version != LANES_VERSION)
    return refuse(LANES_BAD_VERSION, "The batch is of version %lld of the interface, the library of version 1; rebuild both.", b->version);
  if (b->bytes != sizeof(lanes_batch))
    return refuse(LANES_BAD_VERSION, "The batch has %lld bytes, which is not the library's struct; rebuild both.", b->bytes);
  for (const auto test : {check_modes, check_sizes, check_arrays})
    if (const int32_t code = test(*b); code != LANES_OK) return code;
  return LANES_OK;
}

/* 0 x is 0 where x is finite, else NaN, and stays it in a sum. */
inline bool all_finite(const double* from, std::size_t count) {
  using V = Vec<double>;
  constexpr std::size_t width = V::width, block = 4 * width;
  V sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
  std::size_t i = 0;
  for (; i + block <= count; i += block)
    for (std::size_t s = 0; s < 4; s++) sums[s] = fma(V::load(from + i + s * width), V::zero(), sums[s]);
  double left[width];
  ((sums[0] + sums[1]) + (sums[2] + sums[3])).store(left);
  for (std::size_t s = 0; s < width; s++)
    if (left[s] != 0) return false;
  for (; i < count; i++)
    if (from[i] - from[i] != 0) return false;
  return true;
}

/* Whether all that a run is trained from is finite, and no variance negative; or that part of it of so many. */
inline bool is_sound(const lanes_batch& b, int run, int part = 0, int parts = 1) {
  const auto finite = [=](const double* from, std::size_t count) {
    const std::size_t first = count * part / parts, end = count * (part + 1) / parts;
    return from == nullptr || all_finite(from + run * count + first, end - first);
  };
  const std::size_t d = b.features, square = d * d, form = b.form == LANES_FULL ? square : d;
  const std::size_t weights = lanes_weights(b.objective, b.depth, b.features, b.width);
  const std::size_t table = b.rate_table != 0 ? b.budget : 1, batches = b.mode == LANES_GIVEN ? b.budget * square : 0;
  for (std::size_t i = 0; i < d; i++)
    if (!(b.sxx[run * d + i] >= 0)) return false;
  const bool moments = b.mode == LANES_MOMENTS;
  return finite(b.sxx, d) && finite(b.syx, form) && finite(b.syy, square) && finite(b.directions, square) &&
         finite(moments ? b.slope : nullptr, form) && finite(moments ? b.noise : nullptr, form) &&
         finite(b.mode == LANES_GIVEN ? b.batch_sxx : nullptr, batches) &&
         finite(b.mode == LANES_GIVEN ? b.batch_syx : nullptr, batches) &&
         finite(b.mode == LANES_FLOW ? nullptr : b.rate, table) && finite(b.momentum, 1) && finite(b.end, 1) &&
         finite(b.weights, weights) && finite(carries(b) ? b.carry : nullptr, weights) &&
         finite(b.momentum != nullptr ? b.velocity : nullptr, weights);
}
}  // namespace lanes
#endif
