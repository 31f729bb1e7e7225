#include <functional>
#include <string>

#include "case.h"
#include "verdict.h"

namespace {

struct Refusal {
  const char* what;
  int32_t code;
  std::function<void(lanes_batch&)> spoil;
};

const Refusal refusals[] = {
    {"version 2", LANES_BAD_VERSION, [](auto& b) { b.version = LANES_VERSION + 1; }},
    {"bytes - 8", LANES_BAD_VERSION, [](auto& b) { b.bytes -= 8; }},
    {"no runs", LANES_BAD_SHAPE, [](auto& b) { b.runs = 0; }},
    {"runs -1", LANES_BAD_SHAPE, [](auto& b) { b.runs = -1; }},
    {"depth 0", LANES_BAD_SHAPE, [](auto& b) { b.depth = 0; }},
    {"depth 9", LANES_BAD_SHAPE, [](auto& b) { b.depth = LANES_MAX_DEPTH + 1; }},
    {"no features", LANES_BAD_SHAPE, [](auto& b) { b.features = 0; }},
    {"1025 features", LANES_BAD_SHAPE, [](auto& b) { b.features = b.width = LANES_MAX_FEATURES + 1; }},
    {"width below d", LANES_BAD_SHAPE, [](auto& b) { b.width = b.features - 1; }},
    {"width 1025", LANES_BAD_SHAPE, [](auto& b) { b.width = LANES_MAX_WIDTH + 1; }},
    {"no threads", LANES_BAD_SHAPE, [](auto& b) { b.threads = 0; }},
    {"257 threads", LANES_BAD_SHAPE, [](auto& b) { b.threads = 257; }},
    {"points -1", LANES_BAD_SHAPE, [](auto& b) { b.points = -1; }},
    {"rungs -1", LANES_BAD_SHAPE, [](auto& b) { b.rungs = -1; }},
    {"no capacity", LANES_BAD_SHAPE, [](auto& b) { b.capacity = 0; }},
    {"budget 0", LANES_BAD_SHAPE, [](auto& b) { b.budget = 0; }},
    {"moments of fewer rows than d", LANES_BAD_SHAPE,
     [](auto& b) {
       b.mode = LANES_MOMENTS, b.rows = b.features - 1, b.slope = b.noise = b.sxx, b.seed = b.step;
     }},
    {"objective 2", LANES_BAD_MODE, [](auto& b) { b.objective = 2; }},
    {"mode 9", LANES_BAD_MODE, [](auto& b) { b.mode = 9; }},
    {"form -1", LANES_BAD_MODE, [](auto& b) { b.form = -1; }},
    {"precision 4", LANES_BAD_MODE, [](auto& b) { b.precision = 4; }},
    {"layout 5", LANES_BAD_MODE, [](auto& b) { b.layout = 5; }},
    {"flow in float32", LANES_BAD_MODE, [](auto& b) { b.mode = LANES_FLOW, b.precision = LANES_FLOAT32; }},
    {"no weights", LANES_BAD_POINTER, [](auto& b) { b.weights = nullptr; }},
    {"no carry", LANES_BAD_POINTER, [](auto& b) { b.carry = nullptr; }},
    {"momentum without velocity", LANES_BAD_POINTER,
     [](auto& b) { b.momentum = b.rate, b.velocity = nullptr; }},
    {"no sxx", LANES_BAD_POINTER, [](auto& b) { b.sxx = nullptr; }},
    {"no syx", LANES_BAD_POINTER, [](auto& b) { b.syx = nullptr; }},
    {"no syy", LANES_BAD_POINTER, [](auto& b) { b.syy = nullptr; }},
    {"no rate", LANES_BAD_POINTER, [](auto& b) { b.rate = nullptr; }},
    {"no end", LANES_BAD_POINTER, [](auto& b) { b.end = nullptr; }},
    {"no step", LANES_BAD_POINTER, [](auto& b) { b.step = nullptr; }},
    {"no ladder", LANES_BAD_POINTER, [](auto& b) { b.ladder = nullptr; }},
    {"no status", LANES_BAD_POINTER, [](auto& b) { b.status = nullptr; }},
    {"no passage", LANES_BAD_POINTER, [](auto& b) { b.passage = nullptr; }},
    {"given without batches", LANES_BAD_POINTER, [](auto& b) { b.mode = LANES_GIVEN; }},
    {"moments without a seed", LANES_BAD_POINTER,
     [](auto& b) {
       b.mode = LANES_MOMENTS, b.rows = 2 * b.features, b.slope = b.noise = b.sxx, b.seed = nullptr;
     }},
};

}  // namespace

void check_refusals(const Library& library, Verdict& v) {
  for (const Refusal& refusal : refusals) {
    Shape shape;
    shape.features = 4, shape.width = 4, shape.depth = 2, shape.runs = 3;
    Case c = make_case(shape);
    const Case before = c;
    lanes_batch batch = c.view(shape.steps);
    refusal.spoil(batch);
    const int32_t code = library.run(&batch);
    const std::string said = library.last_error(), name = std::string("refusal: ") + refusal.what;
    v.cases++;
    v.demand(code == refusal.code, name, "code %d, not %d (%s)", code, refusal.code, said.c_str());
    v.demand(said.size() > 10, name, "lanes_last_error says \"%s\"", said.c_str());
    v.demand(c.weights == before.weights && c.status == before.status && c.step == before.step, name,
             "runs were touched");
  }
  v.cases++;
  v.demand(library.run(nullptr) == LANES_BAD_POINTER, "refusal: no struct",
           "its code is not LANES_BAD_POINTER");
  v.demand(library.weights(LANES_JEPA, 3, 4, 5) == 4 * 5 + 2 * 25 + 25, "lanes_weights",
           "JEPA L=3 d=4 w=5 is not 95");
  v.demand(library.weights(LANES_MAE, 3, 4, 5) == 4 * 5 + 2 * 25 + 20, "lanes_weights",
           "MAE L=3 d=4 w=5 is not 90");
  v.demand(library.weights(LANES_MAE, 9, 4, 5) == 0, "lanes_weights", "depth 9 is not 0");
  v.demand(library.weights(LANES_MAE, 1, 4, 3) == 0, "lanes_weights", "a width below d is not 0");
}
