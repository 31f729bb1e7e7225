#ifndef JEPALAB_LANES_MLP_CHECK_CASE_H
#define JEPALAB_LANES_MLP_CHECK_CASE_H
#include <dlfcn.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mlp/mlp.h"

/** What a case is made of; all else follows from it and its number. */
struct Shape {
  std::string name;
  int objective = LANES_MAE, activation = LANES_TANH, linear_top = 0, bias = 0, precision = LANES_COMPENSATED;
  std::vector<int> width;  // n0 ... nL
  int outputs = 0, rows = 64, own_data = 0, runs = 3, samples = 200;
  double rate = 0.05;
  int64_t steps = 12;
};

/** The arrays of a batch. Copies are independent; `view` points into them. */
struct Case {
  Shape shape;
  int64_t per_run = 0;
  std::vector<float> x, y;
  std::vector<int64_t> seed, end, step;
  std::vector<double> rate, weights, carry, loss, lost;
  std::vector<int32_t> status;

  explicit Case(const Shape &shape);
  lanes_mlp_batch view(int threads, int64_t budget);
  /** One run of it, with the same numbers. */
  Case alone(int run) const;
};

/** A build of the kernels. @throws std::string with the reason where it does not open */
struct Library {
  decltype(&lanes_mlp_run) run = nullptr;
  decltype(&lanes_mlp_weights) weights = nullptr;
  decltype(&lanes_mlp_last_error) last_error = nullptr;
  std::string path;

  explicit Library(const char *path);
};

/** The same training in doubles, by plain loops that share nothing with the kernels. One run of a case. */
class Model {
 public:
  Model(const Case &from, int run);
  /** The loss of the batch of update `step`, at `weights`. */
  double loss(const std::vector<double> &weights, int64_t step,
              const std::vector<double> &target_weights) const;
  std::vector<double> gradient(const std::vector<double> &weights, int64_t step) const;
  static std::vector<int> rows_of(int64_t seed, int64_t step, int64_t samples, int count);

 private:
  using Row = std::vector<double>;
  std::vector<Row> encode(const std::vector<double> &weights, const float *from) const;
  Row decode(const std::vector<double> &weights, const Row &h) const;
  double act(double z) const;
  bool is_active(int layer) const;
  Row target(const std::vector<double> &weights, int row) const;

  const Case &case_;
  const int run_, layers_;
  const float *x_, *y_;
  std::vector<int64_t> offset_;  // of W_l, and of V
};

int64_t count_weights(const Shape &shape);
#endif
