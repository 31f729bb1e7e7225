#include <cmath>

#include "reference.h"

namespace {

/** A matrix of doubles, row-major. */
struct Plain {
  int rows, columns;
  std::vector<double> at;
  Plain(int r, int c) : rows(r), columns(c), at(size_t(r) * c) {}
  Plain(int r, int c, const double* from) : rows(r), columns(c), at(from, from + size_t(r) * c) {}
  double& operator()(int i, int j) { return at[size_t(i) * columns + j]; }
  double operator()(int i, int j) const { return at[size_t(i) * columns + j]; }
};

Plain operator*(const Plain& a, const Plain& b) {
  Plain out(a.rows, b.columns);
  for (int i = 0; i < a.rows; i++)
    for (int k = 0; k < a.columns; k++)
      for (int j = 0; j < b.columns; j++) out(i, j) += a(i, k) * b(k, j);
  return out;
}

Plain operator-(Plain a, const Plain& b) {
  for (size_t i = 0; i < a.at.size(); i++) a.at[i] -= b.at[i];
  return a;
}

Plain turned(const Plain& a) {
  Plain out(a.columns, a.rows);
  for (int i = 0; i < a.rows; i++)
    for (int j = 0; j < a.columns; j++) out(j, i) = a(i, j);
  return out;
}

double trace_of(const Plain& a, const Plain& b) { /* tr(a b') */
  double sum = 0;
  for (size_t i = 0; i < a.at.size(); i++) sum += a.at[i] * b.at[i];
  return sum;
}

/** A matrix given in the case's form, or on the diagonal. */
Plain spread(const double* from, int d, bool full) {
  if (full) return Plain(d, d, from);
  Plain out(d, d);
  for (int i = 0; i < d; i++) out(i, i) = from[i];
  return out;
}

/** W^1 … W^L, V of one run. */
std::vector<Plain> read_layers(const Shape& s, const double* weights) {
  std::vector<Plain> layers;
  for (int a = 1; a <= s.depth + 1; a++) {
    const int rows = a == s.depth + 1 ? s.decoder_rows() : s.width, columns = a == 1 ? s.features : s.width;
    layers.emplace_back(rows, columns, weights);
    weights += size_t(rows) * columns;
  }
  return layers;
}

/** docs/theory.md §1: R = V W̄ Sxx − W̄ Syx (JEPA) or − Syx (MAE), dV = R W̄', dW^a = (V W^L…W^{a+1})' R
 * (W^{a−1}…W^1)'. */
std::vector<Plain> gradients(const Shape& s, const std::vector<Plain>& layers, const Plain& sxx,
                             const Plain& syx) {
  const int L = s.depth;
  std::vector<Plain> below; /* W^{a-1} … W^1 for a from 1; the last is W̄ */
  Plain unit(s.features, s.features);
  for (int i = 0; i < s.features; i++) unit(i, i) = 1;
  below.push_back(unit);
  for (int a = 0; a < L; a++) below.push_back(layers[a] * below[a]);
  const Plain& product = below[L];
  const Plain residual = layers[L] * product * sxx - (s.objective == LANES_JEPA ? product * syx : syx);
  std::vector<Plain> out(layers.begin(), layers.end());
  out[L] = residual * turned(product);
  Plain above = layers[L]; /* V W^L … W^{a+1} */
  for (int a = L; a >= 1; a--) {
    out[a - 1] = turned(above) * residual * turned(below[a - 1]);
    above = above * layers[a - 1];
  }
  return out;
}

}  // namespace

std::vector<double> train_plainly(const Case& c) {
  const Shape& s = c.shape;
  const int64_t size = c.weights_a_run();
  const int d = s.features;
  std::vector<double> all = c.weights;
  for (int r = 0; r < s.runs; r++) {
    double* weights = &all[r * size];
    std::vector<double> velocity(size);
    for (int k = 0; k < s.steps; k++) {
      const int64_t batch = int64_t(r) * s.steps + k;
      const bool given = s.mode == LANES_GIVEN, full = s.form == LANES_FULL;
      const Plain sxx = given ? Plain(d, d, &c.batch_sxx[batch * d * d]) : spread(&c.sxx[r * d], d, false);
      const Plain syx =
          given ? Plain(d, d, &c.batch_syx[batch * d * d]) : spread(&c.syx[r * (full ? d * d : d)], d, full);
      const auto found = gradients(s, read_layers(s, weights), sxx, syx);
      const double rate = s.rate_table ? c.rate[batch] : c.rate[r];
      int64_t i = 0;
      for (const Plain& layer : found)
        for (double g : layer.at) {
          if (s.momentum) g = velocity[i] = c.momentum[r] * velocity[i] + g;
          weights[i++] -= rate * g;
        }
    }
  }
  return all;
}

std::vector<double> measure(const Case& c, int run, const double* weights) {
  const Shape& s = c.shape;
  const int d = s.features;
  const bool full = s.form == LANES_FULL;
  const auto layers = read_layers(s, weights);
  Plain product = layers[0];
  for (int a = 1; a < s.depth; a++) product = layers[a] * product;
  const Plain p = layers[s.depth] * product;
  const Plain sxx = spread(&c.sxx[run * d], d, false), syy(d, d, &c.syy[run * d * d]);
  const Plain syx = spread(&c.syx[run * (full ? d * d : d)], d, full);
  double loss =
      trace_of(p * sxx, p) -
      2 * trace_of(p * turned(syx),
                   s.objective == LANES_JEPA ? product : spread(std::vector<double>(d, 1).data(), d, false));
  if (s.objective == LANES_JEPA)
    loss += trace_of(product * syy, product);
  else
    for (int i = 0; i < d; i++) loss += syy(i, i);
  std::vector<double> row{loss / 2};
  const Plain y = s.directions ? product * Plain(d, d, &c.directions[run * d * d]) : product;
  for (int j = 0; j < d; j++) {
    double sum = 0;
    for (int i = 0; i < s.width; i++) sum += y(i, j) * y(i, j);
    row.push_back(std::sqrt(sum));
  }
  return row;
}
