#include <exception>
#include <new>
#include <system_error>

#include "cpu/validate.h"
#include "cuda/trainer.h"

#define LANES_API extern "C" __attribute__((visibility("default")))

namespace {
using namespace lanes;

/* The host measures rows with AVX2, as every machine that takes such a card can. */
bool is_host_able() {
#if defined(LANES_ISA_AVX2)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

int32_t failed() {
  std::snprintf(error_text(), error_size, "%s", card::trouble());
  return LANES_NO_DEVICE;
}

template <class Real>
int32_t train(const lanes_batch& b) {
  card::Trainer<Real> trainer(b);
  try {
    trainer.train();
    trainer.commit();
  } catch (...) {
    trainer.undo();
    throw;
  }
  return b.cancel != nullptr && *b.cancel != 0 ? LANES_CANCELLED : LANES_OK;
}
}  // namespace

LANES_API int32_t lanes_run(const lanes_batch* batch) {
  if (const int32_t code = check(batch); code != LANES_OK) return code;
  const lanes_batch& b = *batch;
  if (b.mode == LANES_FLOW)
    return refuse(LANES_BAD_MODE, "Mode %lld, gradient flow, is not on the card; train it on the CPU.",
                  b.mode);
  if (b.precision == LANES_INT8X3)
    return refuse(LANES_BAD_MODE, "Precision %lld, int8x3, is not on the card; train it on the CPU.",
                  b.precision);
  if (!is_host_able())
    return refuse(LANES_NO_DEVICE, "This CPU has no AVX2, which the CUDA kernels' %lld-bit host part needs.",
                  64);
  if (!card::open_device()) return failed();
  try {
    return b.precision == LANES_FLOAT64 ? train<double>(b) : train<float>(b);
  } catch (const card::CardFull&) {
    return refuse(LANES_NO_MEMORY,
                  "The card has no memory for %lld runs of this shape; train fewer at a time.", b.runs);
  } catch (const std::bad_alloc&) {
    return refuse(LANES_NO_MEMORY, "There is no memory for %lld runs of this shape; train fewer at a time.",
                  b.runs);
  } catch (const std::system_error&) {
    return refuse(LANES_NO_MEMORY, "The system gives no %lld threads; ask for fewer.", b.threads);
  } catch (const std::exception&) {
    return failed();
  }
}

LANES_API int64_t lanes_weights(int32_t objective, int32_t depth, int32_t features, int32_t width) {
  const bool fits = depth >= 1 && depth <= LANES_MAX_DEPTH && features >= 1 &&
                    features <= LANES_MAX_FEATURES && width >= features && width <= LANES_MAX_WIDTH;
  if (!fits) return 0;
  const int64_t w = width, d = features, o = objective == LANES_JEPA ? w : d;
  return w * d + (depth - 1) * w * w + o * w;
}

LANES_API const char* lanes_name(void) {
  return card::device_name();
}

LANES_API int32_t lanes_tiles(void) {
  return 0;
}

LANES_API const char* lanes_last_error(void) {
  return error_text();
}

/* A layout is the CPU's matter; a card has one kernel for a shape. */
LANES_API int32_t lanes_choose(const lanes_batch* batch) {
  return batch->width <= 4 ? LANES_LANES : batch->width <= 32 ? LANES_MATRIX : LANES_TEAM;
}

/* Beyond lanes.h, for native/lanes/check: FLOP/s of the card's fused multiply-adds. */
LANES_API double lanes_cuda_peak(int32_t precision) {
  return card::open_device() ? card::device_peak(precision == LANES_FLOAT64) : 0;
}
