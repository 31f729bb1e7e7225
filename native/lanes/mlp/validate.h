#ifndef JEPALAB_LANES_MLP_VALIDATE_H
#define JEPALAB_LANES_MLP_VALIDATE_H
#include <cmath>
#include <cstddef>
#include <cstdio>

#include "mlp/mlp.h"

namespace lanes {
/* The sentence of `lanes_mlp_last_error`. */
inline char* mlp_error_text() {
  static thread_local char text[256] = "";
  return text;
}

inline int32_t mlp_refuse(int32_t code, const char* fact, long long number) {
  std::snprintf(mlp_error_text(), 256, fact, number);
  return code;
}

inline bool mlp_has_shape(const lanes_mlp_batch& b) {
  const auto within = [](int32_t n) { return n >= 1 && n <= LANES_MLP_MAX_WIDTH; };
  if (b.layers < 1 || b.layers > LANES_MLP_MAX_LAYERS || !within(b.outputs)) return false;
  for (int l = 0; l <= b.layers; l++)
    if (!within(b.width[l])) return false;
  return true;
}

inline int32_t mlp_check_sizes(const lanes_mlp_batch& b) {
  const auto bad = [](const char* fact, long long number) {
    return mlp_refuse(LANES_BAD_SHAPE, fact, number);
  };
  if (b.runs < 1) return bad("A batch has %lld runs; give at least 1.", b.runs);
  if (b.layers < 1 || b.layers > LANES_MLP_MAX_LAYERS)
    return bad("The encoder has %lld layers; lanes trains 1 to 8.", b.layers);
  if (!mlp_has_shape(b)) return bad("A layer of %lld is narrower than 1 or wider than 1024.", b.layers);
  if (b.objective == LANES_JEPA && b.outputs != b.width[b.layers])
    return bad("The predictor has %lld outputs; in jepa it has as many as the encoder.", b.outputs);
  if (b.rows < 1 || b.rows > LANES_MLP_MAX_ROWS) return bad("A batch has %lld rows; give 1 to 4096.", b.rows);
  if (b.samples < 1 || b.samples > INT32_MAX)
    return bad("There are %lld samples; give 1 to 2147483647.", b.samples);
  if (b.threads < 1 || b.threads > 256) return bad("%lld threads are asked for; give 1 to 256.", b.threads);
  if (b.budget < 1) return bad("The budget is %lld updates; give at least 1.", b.budget);
  return LANES_OK;
}

inline int32_t mlp_check_modes(const lanes_mlp_batch& b) {
  const auto bad = [](const char* fact, long long number) {
    return mlp_refuse(LANES_BAD_MODE, fact, number);
  };
  const auto within = [](int32_t x, int32_t most) { return x >= 0 && x <= most; };
  if (!within(b.objective, LANES_MAE)) return bad("Objective %lld is unknown.", b.objective);
  if (!within(b.activation, LANES_RELU)) return bad("Activation %lld is unknown.", b.activation);
  if (!within(b.linear_top, 1)) return bad("linear_top is %lld; it is 0 or 1.", b.linear_top);
  if (!within(b.bias, 1)) return bad("bias is %lld; it is 0 or 1.", b.bias);
  if (!within(b.precision, LANES_FLOAT32))
    return bad("Precision %lld does not exist here; it is compensated (0) or float32 (1).", b.precision);
  if (!within(b.own_data, 1)) return bad("own_data is %lld; it is 0 or 1.", b.own_data);
  return LANES_OK;
}

inline int32_t mlp_check_arrays(const lanes_mlp_batch& b) {
  const struct {
    const void* array;
    const char* name;
  } arrays[] = {
      {b.x, "x"},
      {b.y, "y"},
      {b.seed, "seed"},
      {b.rate, "rate"},
      {b.end, "end"},
      {b.weights, "weights"},
      {b.precision == LANES_COMPENSATED ? b.carry : b.weights, "carry"},
      {b.step, "step"},
      {b.status, "status"},
      {b.lost, "lost"},
  };
  for (const auto& [array, name] : arrays) {
    if (array != nullptr) continue;
    std::snprintf(mlp_error_text(), 256, "The array %s is missing, which this batch needs.", name);
    return LANES_BAD_POINTER;
  }
  return LANES_OK;
}

inline int32_t mlp_check(const lanes_mlp_batch* b) {
  mlp_error_text()[0] = '\0';
  if (b == nullptr) return mlp_refuse(LANES_BAD_POINTER, "There is no batch: its address is %lld.", 0);
  if (b->version != LANES_MLP_VERSION)
    return mlp_refuse(LANES_BAD_VERSION,
                      "The batch is of version %lld, the library of version 1; rebuild both.", b->version);
  if (b->bytes != sizeof *b)
    return mlp_refuse(LANES_BAD_VERSION,
                      "The batch has %lld bytes, which is not the library's struct; rebuild both.", b->bytes);
  for (const auto test : {mlp_check_modes, mlp_check_sizes, mlp_check_arrays})
    if (const int32_t code = test(*b); code != LANES_OK) return code;
  return LANES_OK;
}

template <class Real>
bool all_finite(const Real* from, std::size_t count) {
  bool finite = true;
  for (std::size_t i = 0; i < count; i++) finite &= std::isfinite(from[i]);
  return finite;
}

/* Columns of y. */
inline int mlp_targets(const lanes_mlp_batch& b) {
  return b.objective == LANES_JEPA ? b.width[0] : b.outputs;
}

/* Whether the data that run `run` draws from are finite. */
inline bool mlp_data_sound(const lanes_mlp_batch& b, int run) {
  const std::size_t nx = b.samples * b.width[0], ny = b.samples * mlp_targets(b),
                    own = b.own_data == 1 ? run : 0;
  return all_finite(b.x + own * nx, nx) && all_finite(b.y + own * ny, ny);
}

/* Whether the rates and the start of a run can be trained with. A run that has begun was looked at when it
 * began. */
inline bool mlp_run_sound(const lanes_mlp_batch& b, int run) {
  const auto limit = int64_t{1} << 53;
  const float share = static_cast<float>(b.rate[run] / b.rows);
  if (!std::isfinite(share) || b.seed[run] < 0 || b.seed[run] >= limit) return false;
  if (b.step[run] < 0 || b.end[run] < 0 || b.end[run] > limit) return false;
  if (b.step[run] > 0) return true;
  const std::size_t count = lanes_mlp_weights(&b), at = run * count;
  return all_finite(b.weights + at, count) &&
         (b.precision != LANES_COMPENSATED || all_finite(b.carry + at, count));
}
}  // namespace lanes
#endif
