/*
 * The C interface of the lanes kernels with nothing behind it but a sum: an update adds the run's rate to each of
 * its weights. It is small enough to be compiled in a test, and slow or endless where a test needs that.
 */
#include <lanes.h>

namespace {
thread_local const char *words = "";

int32_t refuse(int32_t code, const char *why) {
  words = why;
  return code;
}
} // namespace

extern "C" {

int32_t lanes_run(const lanes_batch *batch) {
  if (batch->version != LANES_VERSION || batch->bytes != sizeof *batch)
    return refuse(LANES_BAD_VERSION, "the struct is of another version");
  const int64_t count = lanes_weights(batch->objective, batch->depth, batch->features, batch->width);
  if (batch->runs < 1 || count == 0) return refuse(LANES_BAD_SHAPE, "a size is past the limits");
  if (batch->weights == nullptr || batch->rate == nullptr) return refuse(LANES_BAD_POINTER, "an array is NULL");
  for (int64_t update = 0; update < batch->budget; update++) {
    bool going = false;
    for (int32_t run = 0; run < batch->runs; run++) {
      if (batch->cancel != nullptr && *batch->cancel != 0) return LANES_CANCELLED;
      if (static_cast<double>(batch->step[run]) >= batch->end[run]) continue;
      going = true;
      for (int64_t i = 0; i < count; i++) batch->weights[run * count + i] += batch->rate[run];
      batch->step[run]++;
    }
    if (!going) break;
  }
  return LANES_OK;
}

int64_t lanes_weights(int32_t objective, int32_t depth, int32_t features, int32_t width) {
  if (depth < 1 || depth > LANES_MAX_DEPTH || features < 1 || features > LANES_MAX_FEATURES) return 0;
  if (width < features || width > LANES_MAX_WIDTH) return 0;
  const int64_t last = objective == LANES_JEPA ? width : features;
  return int64_t(width) * features + int64_t(depth - 1) * width * width + last * width;
}

const char *lanes_name(void) {
#if defined(LANES_ISA_AVX512)
  return "avx512";
#elif defined(LANES_ISA_AVX2)
  return "avx2";
#else
  return "portable";
#endif
}

int32_t lanes_tiles(void) { return 0; }

int32_t lanes_choose(const lanes_batch *batch) { return batch->runs >= 8 ? LANES_LANES : LANES_MATRIX; }

const char *lanes_last_error(void) { return words; }
}
