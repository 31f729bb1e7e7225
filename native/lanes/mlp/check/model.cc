#include <cmath>

#include "case.h"

Model::Model(const Case &from, int run)
    : case_(from), run_(run), layers_(static_cast<int>(from.shape.width.size()) - 1) {
  const std::size_t sets = from.shape.own_data == 1 ? from.shape.runs : 1,
                    own = from.shape.own_data == 1 ? run : 0;
  x_ = from.x.data() + own * (from.x.size() / sets);
  y_ = from.y.data() + own * (from.y.size() / sets);
  int64_t at = 0;
  for (int l = 1; l <= layers_; l++) {
    offset_.push_back(at);
    at += int64_t{from.shape.width[l]} * (from.shape.width[l - 1] + from.shape.bias);
  }
  offset_.push_back(at);
}

/** Word by word from the comment in mlp.h. */
std::vector<int> Model::rows_of(int64_t seed, int64_t step, int64_t samples, int count) {
  std::vector<int> rows;
  for (int i = 0; i < count; i++) {
    uint32_t c[4] = {static_cast<uint32_t>(i / 2), static_cast<uint32_t>(step),
                     static_cast<uint32_t>(step >> 32), LANES_MLP_STREAM};
    uint32_t k[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    for (int round = 0; round < 10; round++) {
      const uint64_t p = uint64_t{0xd2511f53u} * c[0], q = uint64_t{0xcd9e8d57u} * c[2];
      const uint32_t next[4] = {static_cast<uint32_t>(q >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(q),
                                static_cast<uint32_t>(p >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p)};
      for (int j = 0; j < 4; j++) c[j] = next[j];
      k[0] += 0x9e3779b9u, k[1] += 0xbb67ae85u;
    }
    const uint32_t a = c[i % 2 * 2], b = c[i % 2 * 2 + 1];
    const double u = (a * 0x1p20 + (b >> 12) + 0.5) * 0x1p-52;
    rows.push_back(static_cast<int>(std::floor(u * static_cast<double>(samples))));
  }
  return rows;
}

bool Model::is_active(int layer) const { return layer < layers_ || case_.shape.linear_top == 0; }

double Model::act(double z) const {
  if (case_.shape.activation == LANES_TANH) return std::tanh(z);
  return case_.shape.activation == LANES_RELU && !(z > 0) ? 0 : z;
}

/** h0 ... hL. */
std::vector<Model::Row> Model::encode(const std::vector<double> &w, const float *from) const {
  const Shape &s = case_.shape;
  std::vector<Row> h = {Row(from, from + s.width[0])};
  for (int l = 1; l <= layers_; l++) {
    Row next;
    for (int i = 0; i < s.width[l]; i++) {
      double z = s.bias == 1 ? w[offset_[l - 1] + s.width[l] * s.width[l - 1] + i] : 0;
      for (int k = 0; k < s.width[l - 1]; k++) z += w[offset_[l - 1] + i * s.width[l - 1] + k] * h.back()[k];
      next.push_back(is_active(l) ? act(z) : z);
    }
    h.push_back(next);
  }
  return h;
}

Model::Row Model::decode(const std::vector<double> &w, const Row &h) const {
  const Shape &s = case_.shape;
  const int n = s.width.back();
  Row u;
  for (int i = 0; i < s.outputs; i++) {
    double z = s.bias == 1 ? w[offset_[layers_] + s.outputs * n + i] : 0;
    for (int k = 0; k < n; k++) z += w[offset_[layers_] + i * n + k] * h[k];
    u.push_back(z);
  }
  return u;
}

Model::Row Model::target(const std::vector<double> &w, int row) const {
  const Shape &s = case_.shape;
  if (s.objective == LANES_JEPA) return encode(w, y_ + std::size_t(row) * s.width[0]).back();
  const float *y = y_ + std::size_t(row) * s.outputs;
  return Row(y, y + s.outputs);
}

double Model::loss(const std::vector<double> &w, int64_t step,
                   const std::vector<double> &target_weights) const {
  const Shape &s = case_.shape;
  double sum = 0;
  for (const int row : rows_of(case_.seed[run_], step, s.samples, s.rows)) {
    const Row u = decode(w, encode(w, x_ + std::size_t(row) * s.width[0]).back()),
              t = target(target_weights, row);
    for (int i = 0; i < s.outputs; i++) sum += (u[i] - t[i]) * (u[i] - t[i]) / 2;
  }
  return sum / s.rows;
}

std::vector<double> Model::gradient(const std::vector<double> &w, int64_t step) const {
  const Shape &s = case_.shape;
  std::vector<double> gradient(w.size());
  for (const int row : rows_of(case_.seed[run_], step, s.samples, s.rows)) {
    const std::vector<Row> h = encode(w, x_ + std::size_t(row) * s.width[0]);
    const Row u = decode(w, h.back()), t = target(w, row);
    Row g;
    for (int i = 0; i < s.outputs; i++) g.push_back((u[i] - t[i]) / s.rows);
    for (int l = layers_; l >= 0; l--) {  // W at offset_[l] takes h[l] to the row whose gradient is g
      const int in = s.width[l], out = static_cast<int>(g.size());
      Row below(in);
      for (int i = 0; i < out; i++) {
        for (int k = 0; k < in; k++) {
          gradient[offset_[l] + i * in + k] += g[i] * h[l][k];
          below[k] += g[i] * w[offset_[l] + i * in + k];
        }
        if (s.bias == 1) gradient[offset_[l] + out * in + i] += g[i];
      }
      if (l > 0 && is_active(l)) {
        for (int k = 0; k < in; k++) {
          if (s.activation == LANES_TANH) below[k] *= 1 - h[l][k] * h[l][k];
          if (s.activation == LANES_RELU && !(h[l][k] > 0)) below[k] = 0;
        }
      }
      g = below;
    }
  }
  return gradient;
}
