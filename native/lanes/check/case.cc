#include "case.h"

#include <cmath>

uint64_t Dice::next() {
  uint64_t z = (state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

double Dice::between(double low, double high) {
  return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
}

int Dice::whole(int low, int high) {
  return low + static_cast<int>(next() % static_cast<uint64_t>(high - low + 1));
}

std::string Shape::name() const {
  static const char* modes[] = {"flow", "descent", "moments", "given"};
  static const char* precisions[] = {"compensated", "float32", "float64", "int8x3"};
  static const char* layouts[] = {"auto", "lanes", "matrix", "team", "braid"};
  std::string text = objective == LANES_JEPA ? "jepa " : "mae ";
  text += std::string(modes[mode]) + " " + precisions[precision] + " " + layouts[layout];
  text += form == LANES_FULL ? " full" : " diagonal";
  text += " R=" + std::to_string(runs) + " L=" + std::to_string(depth) + " d=" + std::to_string(features);
  text += " w=" + std::to_string(width) + " threads=" + std::to_string(threads);
  if (rows > 0) text += " B=" + std::to_string(rows);
  if (momentum) text += " momentum";
  if (rate_table) text += " schedule";
  if (directions) text += " directions";
  return text + " seed=" + std::to_string(seed);
}

int64_t Case::weights_a_run() const {
  const int64_t w = shape.width, d = shape.features;
  return w * d + (shape.depth - 1) * w * w + shape.decoder_rows() * w;
}

namespace {

/** X'X/n of n = 2d + 3 rows, and Y'X/n of a Y that follows X. */
void draw_moments(Dice& dice, int d, double* xx, double* yx) {
  const int n = 2 * d + 3;
  std::vector<double> x(n * d), y(n * d);
  for (double& value : x) value = dice.between(-1.7, 1.7);
  for (int i = 0; i < n * d; i++) y[i] = 0.7 * x[i] + dice.between(-0.5, 0.5);
  for (int i = 0; i < d; i++)
    for (int j = 0; j < d; j++) {
      double sum = 0, cross = 0;
      for (int k = 0; k < n; k++) sum += x[k * d + i] * x[k * d + j], cross += y[k * d + i] * x[k * d + j];
      xx[i * d + j] = sum / n;
      yx[i * d + j] = cross / n;
    }
}

void draw_data(Case& c, Dice& dice) {
  const Shape& s = c.shape;
  const int R = s.runs, d = s.features, n = s.form == LANES_FULL ? d * d : d;
  c.sxx.resize(R * d);
  for (double& value : c.sxx) value = dice.between(0.3, 2);
  auto fill = [&](std::vector<double>& to, double low, double high, double off) {
    to.resize(R * n);
    for (int i = 0; i < R * n; i++) {
      const bool on_diagonal = n == d || (i % n) / d == (i % n) % d;
      to[i] = on_diagonal ? dice.between(low, high) : dice.between(-off, off);
    }
  };
  fill(c.syx, 0.2, 1.5, 0.2 / d);
  if (s.mode == LANES_MOMENTS) {
    fill(c.slope, 0.2, 1, 0.2 / d);
    fill(c.noise, 0.1, 0.6, 0.2 / d);
    for (int r = 0; r < R; r++) c.seed.push_back(static_cast<int64_t>(dice.next() >> 11));
  }
  std::vector<double> unused(d * d);
  c.syy.resize(R * d * d);
  for (int r = 0; r < R; r++) draw_moments(dice, d, &c.syy[r * d * d], unused.data());
  if (s.directions) {
    c.directions.resize(R * d * d);
    for (double& value : c.directions) value = dice.between(-1, 1) / std::sqrt(d);
  }
  if (s.mode == LANES_GIVEN) {
    const int64_t batches = static_cast<int64_t>(R) * s.steps;
    c.batch_sxx.resize(batches * d * d);
    c.batch_syx.resize(batches * d * d);
    for (int64_t b = 0; b < batches; b++)
      draw_moments(dice, d, &c.batch_sxx[b * d * d], &c.batch_syx[b * d * d]);
  }
}

}  // namespace

Case make_case(const Shape& s) {
  Case c;
  c.shape = s;
  Dice dice{s.seed};
  const int R = s.runs, d = s.features, P = s.points;
  draw_data(c, dice);
  const int64_t size = c.weights_a_run();
  c.weights.resize(R * size);
  const double scale = 1.2 / std::sqrt(s.width);
  for (double& value : c.weights) value = dice.between(-scale, scale);
  c.carry.assign(R * size, 0);
  if (s.momentum) {
    c.velocity.assign(R * size, 0);
    for (int r = 0; r < R; r++) c.momentum.push_back(dice.between(0.5, 0.95));
  }
  const int64_t rates = s.rate_table ? static_cast<int64_t>(R) * s.steps : R;
  for (int64_t i = 0; i < rates; i++) c.rate.push_back(dice.between(0.002, 0.02));
  c.end.assign(R, s.steps);
  c.step.assign(R, 0);
  c.time.assign(R, 0);
  c.integrator.assign(R * LANES_INTEGRATOR, 0);
  c.evaluations.assign(R, 0);
  for (int k = -160; k <= 80; k++) c.ladder.push_back(std::pow(10, k / 8.0));
  c.above.assign(R * d, 0);
  c.below.assign(R * d, 0);
  c.looked.assign(R * d, 0);
  c.looked_at.assign(R, -1);
  for (int r = 0; r < R; r++)
    for (int p = 0; p < P; p++) c.point.push_back(std::floor(double(s.steps) * (p + 1) / P));
  c.next_point.assign(R, 0);
  c.row.assign(R * P * (1 + d), 0);
  c.capacity = 2 * static_cast<int>(c.ladder.size()) * d; /* each rung once upward and once downward */
  c.passage.resize(R * c.capacity);
  c.passages.assign(R, 0);
  c.status.assign(R, LANES_GOING);
  c.lost.assign(2 * R, 0);
  return c;
}

lanes_batch Case::view(int64_t budget) {
  lanes_batch b{};
  const Shape& s = shape;
  auto at = [](auto& v) { return v.empty() ? nullptr : v.data(); };
  b.version = LANES_VERSION;
  b.bytes = sizeof b;
  b.objective = s.objective, b.mode = s.mode, b.form = s.form, b.precision = s.precision, b.layout = s.layout;
  b.threads = s.threads, b.runs = s.runs, b.depth = s.depth, b.features = s.features, b.width = s.width;
  b.rows = s.rows, b.rate_table = s.rate_table, b.rungs = static_cast<int32_t>(ladder.size());
  b.points = s.points, b.capacity = capacity, b.budget = budget;
  b.sxx = at(sxx), b.syx = at(syx), b.syy = at(syy), b.directions = at(directions);
  b.slope = at(slope), b.noise = at(noise), b.batch_sxx = at(batch_sxx), b.batch_syx = at(batch_syx);
  b.seed = at(seed), b.rate = at(rate), b.momentum = at(momentum), b.end = at(end);
  b.weights = at(weights), b.carry = at(carry), b.velocity = at(velocity), b.integrator = at(integrator);
  b.step = at(step), b.time = at(time), b.ladder = at(ladder), b.above = at(above), b.below = at(below);
  b.looked = at(looked), b.looked_at = at(looked_at), b.point = at(point), b.next_point = at(next_point);
  b.row = at(row), b.passage = at(passage), b.passages = at(passages), b.status = at(status);
  b.lost = at(lost), b.evaluations = at(evaluations);
  return b;
}

Case alone(const Case& whole, int run) {
  Case c = whole;
  c.shape.runs = 1;
  auto keep = [&](auto& v) {
    const size_t n = v.size() / whole.shape.runs;
    v = std::decay_t<decltype(v)>(v.begin() + run * n, v.begin() + (run + 1) * n);
  };
  keep(c.sxx), keep(c.syx), keep(c.syy), keep(c.directions), keep(c.slope), keep(c.noise), keep(c.batch_sxx);
  keep(c.batch_syx), keep(c.seed), keep(c.rate), keep(c.momentum), keep(c.end), keep(c.weights),
      keep(c.carry);
  keep(c.velocity), keep(c.integrator), keep(c.step), keep(c.time), keep(c.above), keep(c.below),
      keep(c.looked);
  keep(c.looked_at), keep(c.point), keep(c.next_point), keep(c.row), keep(c.passage), keep(c.passages);
  keep(c.status), keep(c.lost), keep(c.evaluations);
  return c;
}
