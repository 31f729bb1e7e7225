#include <algorithm>
#include <atomic>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "cpu/descent.h"
#include "cpu/digits.h"
#include "cpu/validate.h"
#include "cpu/vec.h"
#include "lanes.h"

#define LANES_API extern "C" __attribute__((visibility("default")))

namespace {
using namespace lanes;

/* What is wrong with a run is told in its status; much data is read by all threads, that of few runs in parts. */
void look_through(const lanes_batch& b) {
  const double numbers = 1.0 * b.runs * lanes_weights(b.objective, b.depth, b.features, b.width);
  const int threads = numbers > 1e6 ? b.threads : 1, parts = b.runs < threads ? threads : 1, pieces = b.runs * parts;
  std::vector<char> sound(pieces, 1);
  std::atomic<int> next{0};
  const auto serve = [&] {
    for (int p = next++; p < pieces; p = next++)
      if (b.status[p / parts] == LANES_GOING) sound[p] = is_sound(b, p / parts, p % parts, parts);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < std::min(threads, pieces); t++) others.emplace_back(serve);
  serve();
  for (auto& thread : others) thread.join();
  for (int p = 0; p < pieces; p++) {
    b.passages[p / parts] = 0;
    if (!sound[p]) b.status[p / parts] = LANES_BAD_RUN;
  }
}

/* The runs that are to be trained, those with the least to do first so that lanes end together. */
std::vector<int> waiting(const lanes_batch& b) {
  look_through(b);
  std::vector<int> runs;
  for (int r = 0; r < b.runs; r++)
    if (b.status[r] == LANES_GOING) runs.push_back(r);
  if (b.mode == LANES_FLOW) return runs;
  const auto left = [&](int r) { return b.end[r] - static_cast<double>(b.step[r]); };
  std::stable_sort(runs.begin(), runs.end(), [&](int x, int y) { return left(x) < left(y); });
  return runs;
}

/* Hands pieces of the list to threads as they come; each makes its own memory. @returns false where some had none */
bool share_out(const lanes_batch& b, const std::vector<int>& runs, int piece, int layout) {
  const int count = static_cast<int>(runs.size()), pieces = (count + piece - 1) / piece;
  std::atomic<int> next{0};
  std::atomic<bool> enough{true};
  const auto serve = [&] {
    try {
      const auto worker = make_worker(b, layout);
      for (int p = next++; p < pieces && !is_cancelled(b); p = next++)
        worker->train(runs.data() + static_cast<std::ptrdiff_t>(p) * piece, std::min(piece, count - p * piece));
    } catch (const std::bad_alloc&) {
      enough = false;
    }
  };
  // A team is itself all threads.
  const int threads = layout == LANES_TEAM ? 1 : std::min(b.threads, pieces);
  std::vector<std::thread> others;
  for (int t = 1; t < threads; t++) others.emplace_back(serve);
  serve();
  for (auto& thread : others) thread.join();
  return enough;
}
}  // namespace

LANES_API int32_t lanes_run(const lanes_batch* batch) {
  if (const int32_t code = check(batch); code != LANES_OK) return code;
  const lanes_batch& b = *batch;
  try {
    const std::vector<int> runs = waiting(b);
    const int layout = lanes_choose(batch);
    if (!runs.empty() && !share_out(b, runs, lanes_of(b, layout), layout)) throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
    return refuse(LANES_NO_MEMORY, "There is no memory for %lld runs of this shape; train fewer at a time.", b.runs);
  } catch (const std::system_error&) {
    return refuse(LANES_NO_MEMORY, "The system gives no %lld threads; ask for fewer.", b.threads);
  }
  return is_cancelled(b) ? LANES_CANCELLED : LANES_OK;
}

LANES_API int64_t lanes_weights(int32_t objective, int32_t depth, int32_t features, int32_t width) {
  const bool fits = depth >= 1 && depth <= LANES_MAX_DEPTH && features >= 1 && features <= LANES_MAX_FEATURES &&
                    width >= features && width <= LANES_MAX_WIDTH;
  if (!fits) return 0;
  const int64_t w = width, d = features, o = objective == LANES_JEPA ? w : d;
  return w * d + (depth - 1) * w * w + o * w;
}

LANES_API const char* lanes_name(void) { return isa_name; }

LANES_API int32_t lanes_tiles(void) { return digits::has_unit(); }

LANES_API const char* lanes_last_error(void) { return error_text(); }

LANES_API int32_t lanes_choose(const lanes_batch* batch) {
  const lanes_batch& b = *batch;
  if (b.mode == LANES_FLOW) return LANES_MATRIX;
  if (b.layout != LANES_AUTO) return b.layout;
  return fastest_layout(b);
}
