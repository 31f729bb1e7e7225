#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "compare.h"
#include "reference.h"

namespace {

Shape base(uint64_t seed, int layout) {
  Shape s;
  s.seed = seed, s.layout = layout, s.features = 5, s.width = 6, s.depth = 3, s.runs = 9, s.steps = 23;
  return s;
}

/** Run 2 holds a NaN, run 5 an infinite datum, run 6 diverges: the others train as if alone. */
void check_spoilt_runs(const Library& library, int layout, int precision, Verdict& v) {
  Shape s = base(77, layout);
  s.precision = precision, s.threads = 2;
  const std::string name = "spoilt runs, " + s.name();
  Case found = make_case(s);
  found.weights[2 * found.weights_a_run() + 3] = std::nan("");
  found.sxx[5 * s.features] = std::numeric_limits<double>::infinity();
  found.rate[6] = 1e6;
  Case expected = found;
  train_model(expected, s.steps);
  const lanes_batch batch = found.view(s.steps);
  const int32_t code = library.run(&batch);
  v.cases++;
  v.demand(code == LANES_OK, name, "code %d: %s", code, library.last_error());
  v.demand(expected.status[6] == LANES_LOST, name, "the model's run 6 did not diverge");
  compare(found, expected, name, v);
}

void check_pieces(const Library& library, int layout, int piece, int mode, Verdict& v) {
  Shape s = base(78, layout);
  s.mode = mode, s.momentum = true, s.rate_table = mode == LANES_GIVEN;
  const std::string name = "calls of " + std::to_string(piece) + ", " + s.name();
  Case found = make_case(s), expected = found;
  train_model(expected, s.steps);
  int32_t code = LANES_OK;
  v.cases++;
  if (v.demand(train_in_pieces(library, found, piece, code), name, "code %d: %s", code, library.last_error()))
    compare(found, expected, name, v);
}

/** A run has the same bits alone as among its neighbours. */
void check_alone(const Library& library, int layout, Verdict& v) {
  Shape s = base(79, layout);
  const Case start = make_case(s);
  for (int r = 0; r < s.runs; r += 4) {
    Case found = alone(start, r), expected = found;
    train_model(expected, s.steps);
    const lanes_batch batch = found.view(s.steps);
    const int32_t code = library.run(&batch);
    v.cases++;
    v.demand(code == LANES_OK, s.name(), "code %d: %s", code, library.last_error());
    compare(found, expected, "alone, " + s.name(), v);
  }
}

/** A cancel from another thread ends a call of 10^9 updates; going on from there gives the uncut call's bits.
 */
void check_cancel(const Library& library, int layout, Verdict& v) {
  Shape s = base(80, layout);
  s.points = 0;
  const std::string name = "cancel, " + s.name();
  Case found = make_case(s);
  for (double& end : found.end) end = 1e9;
  const Case start = found;
  volatile int32_t cancel = 0;
  lanes_batch batch = found.view(1000000000);
  batch.cancel = &cancel;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    cancel = 1;
  });
  const auto from = std::chrono::steady_clock::now();
  const int32_t code = library.run(&batch);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  later.join();
  v.cases++;
  v.demand(code == LANES_CANCELLED, name, "code %d, not LANES_CANCELLED", code);
  v.demand(seconds < 2, name, "the call went on for %.2f s after the cancel", seconds);
  for (int r = 0; r < s.runs; r += 8) {
    v.demand(found.status[r] == LANES_GOING && found.step[r] < 1000000000, name,
             "run %d has status %d at step %lld", r, found.status[r], static_cast<long long>(found.step[r]));
    Case again = alone(start, r);
    const Case stopped = alone(found, r);
    const lanes_batch uncut = again.view(std::max<int64_t>(1, found.step[r]));
    if (found.step[r] > 0) library.run(&uncut);
    v.demand(again.weights == stopped.weights && again.step == stopped.step, name,
             "run %d does not stand where %lld updates lead", r, static_cast<long long>(found.step[r]));
  }
}

/** Room for one passage a feature alone: calls return early, the next goes on, and nothing is missed. */
void check_capacity(const Library& library, int layout, Verdict& v) {
  Shape s = base(81, layout);
  s.steps = 400;
  const std::string name = "passages of few at a time, " + s.name();
  Case whole = make_case(s);
  for (double& weight : whole.weights) weight *= 0.6; /* less than a rung a look */
  Case expected = whole, found = whole;
  train_model(expected, s.steps);
  found.capacity = s.features;
  int calls = 0;
  std::vector<std::vector<lanes_passage>> kept(s.runs);
  for (; calls < 2000; calls++) {
    const lanes_batch batch = found.view(s.steps);
    if (!v.demand(library.run(&batch) == LANES_OK, name, "call %d: %s", calls, library.last_error())) return;
    bool going = false;
    for (int r = 0; r < s.runs; r++) {
      kept[r].insert(kept[r].end(), &found.passage[r * found.capacity],
                     &found.passage[r * found.capacity] + found.passages[r]);
      going = going || found.status[r] == LANES_GOING;
    }
    if (!going) break;
  }
  v.cases++;
  found.capacity = whole.capacity;
  found.passage.assign(s.runs * found.capacity, {});
  for (int r = 0; r < s.runs; r++) {
    found.passages[r] = static_cast<int32_t>(std::min<size_t>(kept[r].size(), found.capacity));
    std::copy(kept[r].begin(), kept[r].begin() + found.passages[r], &found.passage[r * found.capacity]);
  }
  compare(found, expected, name, v);
}

}  // namespace

void check_lives(const Library& library, Verdict& v) {
  for (int layout : {LANES_LANES, LANES_MATRIX, LANES_TEAM, LANES_BRAID}) {
    for (int precision : {LANES_COMPENSATED, LANES_FLOAT32, LANES_FLOAT64, LANES_INT8X3}) {
      if (precision == LANES_INT8X3 && !library.has_whole_numbers()) continue;
      check_spoilt_runs(library, layout, precision, v);
    }
    for (int piece : {1, 7})
      check_pieces(library, layout, piece, piece == 1 ? LANES_DESCENT : LANES_GIVEN, v);
    check_pieces(library, layout, 5, LANES_DESCENT, v);
    check_alone(library, layout, v);
    check_capacity(library, layout, v);
    check_cancel(library, layout, v);
  }
}
