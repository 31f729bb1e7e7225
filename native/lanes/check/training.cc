#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include "compare.h"
#include "reference.h"
#include "verdict.h"

bool train_in_pieces(const Library& library, Case& c, int64_t piece, int32_t& code) {
  const int R = c.shape.runs, d = c.shape.features, steps = c.shape.steps;
  std::vector<lanes_passage> all;
  std::vector<std::vector<lanes_passage>> kept(R);
  for (int64_t from = 0; from < steps; from += piece) {
    const int64_t budget = std::min<int64_t>(piece, steps - from);
    Case part = c;
    const auto cut = [&](std::vector<double>& v, int64_t n) {
      std::vector<double> out;
      for (int r = 0; r < R; r++) {
        const auto at = v.begin() + (int64_t(r) * steps + from) * n;
        out.insert(out.end(), at, at + budget * n);
      }
      v = out;
    };
    if (c.shape.mode == LANES_GIVEN) cut(part.batch_sxx, d * d), cut(part.batch_syx, d * d);
    if (c.shape.rate_table) cut(part.rate, 1);
    const lanes_batch batch = part.view(budget);
    code = library.run(&batch);
    if (code != LANES_OK) return false;
    for (int r = 0; r < R; r++)
      kept[r].insert(kept[r].end(), &part.passage[r * c.capacity],
                     &part.passage[r * c.capacity] + part.passages[r]);
    part.batch_sxx = c.batch_sxx, part.batch_syx = c.batch_syx, part.rate = c.rate;
    c = part;
  }
  for (int r = 0; r < R; r++) {
    c.passages[r] = static_cast<int32_t>(std::min<size_t>(kept[r].size(), c.capacity));
    std::copy(kept[r].begin(), kept[r].begin() + c.passages[r], &c.passage[r * c.capacity]);
  }
  return true;
}

namespace {

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b, size_t from, size_t count) {
  return count == 0 || std::memcmp(&a[from], &b[from], count * sizeof(T)) == 0;
}

int64_t first_difference(const std::vector<double>& a, const std::vector<double>& b, size_t from,
                         size_t count) {
  for (size_t i = from; i < from + count; i++)
    if (std::memcmp(&a[i], &b[i], sizeof(double)) != 0) return static_cast<int64_t>(i);
  return -1;
}

std::vector<lanes_passage> in_order(const Case& c, int run) {
  const auto at = c.passage.begin() + int64_t(run) * c.capacity;
  std::vector<lanes_passage> list(at, at + c.passages[run]);
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return std::tie(a.to, a.feature, a.rung) < std::tie(b.to, b.feature, b.rung);
  });
  return list;
}

void compare_passages(const Case& found, const Case& expected, int run, const std::string& name, Verdict& v) {
  const auto a = in_order(found, run), b = in_order(expected, run);
  if (!v.demand(a.size() == b.size(), name, "run %d has %zu passages, the model %zu", run, a.size(),
                b.size()))
    return;
  for (size_t i = 0; i < a.size(); i++) {
    const bool same = a[i].feature == b[i].feature && a[i].rung == b[i].rung && a[i].from == b[i].from &&
                      a[i].to == b[i].to &&
                      std::abs(a[i].fraction - b[i].fraction) < 1e-6; /* ln(a) - ln(b) cancels */
    if (!v.demand(same, name,
                  "run %d passage %zu is feature %d rung %d %g + %.9g, the model's %d %d %g + %.9g", run, i,
                  a[i].feature, a[i].rung, a[i].from, a[i].fraction, b[i].feature, b[i].rung, b[i].from,
                  b[i].fraction))
      return;
  }
}

void compare_rows(const Case& found, const Case& expected, int run, const std::string& name, Verdict& v) {
  const int columns = 1 + found.shape.features, rows = expected.next_point[run];
  for (int i = 0; i < rows * columns; i++) {
    const int64_t at = int64_t(run) * found.shape.points * columns + i;
    const double a = found.row[at], b = expected.row[at];
    const double tolerance =
        1e-11 * std::max(1.0, std::abs(b)); /* rounding of some d^2 terms of a loss near 1 */
    if (!v.demand(std::abs(a - b) <= tolerance, name,
                  "run %d row %d column %d is %.17g, plain sums give %.17g", run, i / columns, i % columns, a,
                  b))
      return;
  }
}

}  // namespace

void compare(const Case& found, const Case& expected, const std::string& name, Verdict& v) {
  const int64_t size = found.weights_a_run();
  const int d = found.shape.features;
  for (int r = 0; r < found.shape.runs; r++) {
    const bool same = v.demand(found.status[r] == expected.status[r], name,
                               "run %d has status %d, the model %d", r, found.status[r], expected.status[r]);
    if (!same || expected.status[r] == LANES_BAD_RUN) continue;
    v.demand(found.step[r] == expected.step[r], name, "run %d stands at step %lld, the model at %lld", r,
             static_cast<long long>(found.step[r]), static_cast<long long>(expected.step[r]));
    compare_passages(found, expected, r, name, v);
    if (expected.status[r] == LANES_LOST) {
      v.demand(found.lost[2 * r] == expected.lost[2 * r], name, "run %d lost feature %g, the model's %g", r,
               found.lost[2 * r], expected.lost[2 * r]);
      continue;
    }
    const auto at_weight = first_difference(found.weights, expected.weights, r * size, size);
    v.demand(at_weight < 0, name, "run %d weight %lld is %.17g, the model's %.17g", r,
             static_cast<long long>(at_weight - r * size), at_weight < 0 ? 0 : found.weights[at_weight],
             at_weight < 0 ? 0 : expected.weights[at_weight]);
    if (found.shape.carries())
      v.demand(same_bits(found.carry, expected.carry, r * size, size), name, "run %d carries other bits", r);
    if (found.shape.momentum)
      v.demand(same_bits(found.velocity, expected.velocity, r * size, size), name,
               "run %d has other velocities", r);
    v.demand(same_bits(found.looked, expected.looked, r * d, d), name,
             "run %d saw other amplitudes: %.17g, the model %.17g", r, found.looked[r * d],
             expected.looked[r * d]);
    v.demand(found.looked_at[r] == expected.looked_at[r], name, "run %d was looked at at %g, the model at %g",
             r, found.looked_at[r], expected.looked_at[r]);
    v.demand(
        same_bits(found.above, expected.above, r * d, d) && same_bits(found.below, expected.below, r * d, d),
        name, "run %d stands at other rungs", r);
    v.demand(found.next_point[r] == expected.next_point[r], name, "run %d has %d rows, the model %d", r,
             found.next_point[r], expected.next_point[r]);
    compare_rows(found, expected, r, name, v);
  }
}

namespace {

void compare_with_doubles(const Case& found, const std::vector<double>& plain, const std::string& name,
                          Verdict& v) {
  /* Rounding of some tens of steps: Kahan's carry leaves the products' float32 rounding, times the rate. */
  const double tolerances[] = {1e-5, 1e-4, 1e-12, 1e-5};
  double worst = 0, largest = 1;
  for (size_t i = 0; i < plain.size(); i++) {
    const double carried = found.shape.carries() ? found.carry[i] : 0;
    worst = std::max(worst, std::abs(found.weights[i] + carried - plain[i]));
    largest = std::max(largest, std::abs(plain[i]));
  }
  v.demand(worst <= tolerances[found.shape.precision] * largest, name,
           "weights are off plain doubles by %.3g", worst);
}

void check_one(const Library& library, const Shape& shape, Verdict& v) {
  const std::string name = shape.name();
  const Case start = make_case(shape);
  Case expected = start, found = start;
  train_model(expected, shape.steps);
  const lanes_batch batch = found.view(shape.steps);
  const int32_t code = library.run(&batch);
  v.cases++;
  if (!v.demand(code == LANES_OK, name, "code %d: %s", code, library.last_error())) return;
  compare(found, expected, name, v);
  compare_with_doubles(found, train_plainly(start), name, v);
}

/* Blocks and strips that are full, that want one, and that have one too much; all of them on one thread and shared. */
void check_whole_numbers(const Library& library, bool large, Verdict& v) {
  const int features[] = {2, 3, 15, 16, 17, 24, 31, 33, 48, 63, 64, 65, 80, 127, 129};
  for (int i = 0; i < (large ? 150 : 100); i++) {
    Shape s;
    s.precision = LANES_INT8X3, s.seed = 7000 + i, s.features = features[i % (large ? 15 : 10)];
    s.width = s.features + (i % 3 == 0 ? 1 + i % 19 : 0), s.depth = 1 + i % 5, s.threads = 1 + i % 3;
    s.objective = i / 2 % 2, s.form = i / 4 % 2, s.mode = i % 5 == 0 ? LANES_GIVEN : LANES_DESCENT;
    s.layout = i % 2 == 0 ? LANES_TEAM : i / 2 % 5, s.runs = s.features > 60 ? 1 : 1 + i % 4, s.steps = 5, s.points = i % 3;
    s.momentum = i % 4 == 1, s.rate_table = i % 7 == 1, s.directions = i % 3 == 1;
    check_one(library, s, v);
  }
}

}  // namespace

void check_training(const Library& library, bool large, Verdict& v) {
  Dice dice{20261123};
  const int features[] = {2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 31, 32, 33};
  const int runs[] = {1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 40};
  for (int i = 0; i < 260; i++) {
    Shape s;
    s.seed = 1000 + i;
    s.objective = dice.whole(0, 1), s.mode = dice.whole(0, 2) == 0 ? LANES_GIVEN : LANES_DESCENT;
    s.form = dice.whole(0, 1), s.precision = dice.whole(0, 2), s.layout = dice.whole(0, 4);
    s.threads = dice.whole(1, 3);
    s.features = features[dice.whole(0, i % 4 == 0 ? 13 : 8)];
    s.width = s.features + (dice.whole(0, 2) == 0 ? dice.whole(1, 9) : 0);
    s.depth = dice.whole(1, s.features > 16 ? 4 : 8);
    s.runs = runs[dice.whole(0, s.features > 16 ? 5 : 10)];
    s.steps = s.features > 16 ? 5 : dice.whole(1, 24);
    s.points = dice.whole(0, 3);
    s.momentum = dice.whole(0, 2) == 0, s.rate_table = dice.whole(0, 2) == 0,
    s.directions = dice.whole(0, 2) == 0;
    check_one(library, s, v);
  }
  for (int d : {4, 8, 16})  // sizes that the compiler knows
    for (int i = 0; i < 40; i++) {
      Shape s;
      s.seed = 4000 + 100 * d + i, s.features = s.width = d, s.layout = LANES_BRAID;
      s.depth = 1 + i % 5, s.precision = i % 2 == 0 ? LANES_COMPENSATED : LANES_FLOAT32;
      s.objective = i / 2 % 2, s.form = i / 4 % 2, s.mode = i % 3 == 0 ? LANES_GIVEN : LANES_DESCENT;
      s.directions = i % 7 == 0, s.rate_table = i % 11 == 0, s.runs = 3 + i % 8, s.steps = 9;
      check_one(library, s, v);
    }
  if (library.has_whole_numbers()) check_whole_numbers(library, large, v);
  if (!large) return;
  for (int d : {48, 63, 64, 65, 96, 128, 130, 195, 330})
    for (int layout : {LANES_MATRIX, LANES_TEAM, LANES_BRAID, LANES_LANES})
      for (int precision : {LANES_COMPENSATED, LANES_FLOAT64}) {
        Shape s;
        s.seed = 5000 + d, s.features = d, s.width = d + d % 2, s.depth = d > 190 ? 3 : 2, s.runs = d > 64 ? 1 : 2,
        s.steps = 2;
        s.layout = layout, s.precision = precision, s.threads = 2, s.form = d % 2, s.points = 1;
        s.objective = d % 3 == 0 ? LANES_MAE : LANES_JEPA;
        check_one(library, s, v);
      }
}
