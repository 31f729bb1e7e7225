#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "mlp/step.h"
#include "mlp/validate.h"

namespace lanes {
namespace {

/* f(place in the caller's array, kept weight, its carry or NULL) for each weight of a run. */
template <class F>
void each_weight(const MlpNet& net, F f) {
  std::ptrdiff_t at = 0;
  for (int l = 0; l <= net.layers; l++) {
    const Layer& of = net.layer[l];
    for (int r = 0; r < of.out; r++) {
      for (int c = 0; c < of.in; c++) {
        const std::ptrdiff_t to = c * std::ptrdiff_t{of.ld_out} + r;
        f(at++, of.down[to], of.carry == nullptr ? nullptr : of.carry + to);
      }
    }
    for (int r = 0; of.bias != nullptr && r < of.out; r++)
      f(at++, of.bias[r], of.bias_carry == nullptr ? nullptr : of.bias_carry + r);
  }
}

/* One thread's part of a call: the runs it takes, one after the other. */
class MlpWorker {
 public:
  explicit MlpWorker(const lanes_mlp_batch& b) : b_(b), net_(b), count_(lanes_mlp_weights(&b)) {
    double flop = 0;
    for (int l = 0; l <= b.layers; l++) flop += 6.0 * b.rows * net_.layer[l].in * net_.layer[l].out;
    slice_ = std::max<int64_t>(1, static_cast<int64_t>(1e8 / flop));
  }

  bool is_cancelled() const { return b_.cancel != nullptr && *b_.cancel != 0; }

  /* Trains run r as far as this call goes. */
  void train(int r) { net_.compensated ? train<true>(r) : train<false>(r); }

 private:
  template <bool Compensated>
  void train(int r) {
    load(r);
    const MlpStep<Compensated> step(net_, static_cast<float>(b_.rate[r] / b_.rows));
    const int targets = mlp_targets(b_);
    const std::ptrdiff_t own = b_.own_data == 1 ? r : 0;
    const float* x = b_.x + own * b_.samples * b_.width[0];
    const float* y = b_.y + own * b_.samples * targets;
    const int64_t first = b_.step[r];
    const int64_t stop = b_.end[r] - first > b_.budget ? first + b_.budget : b_.end[r];
    int64_t s = first;
    for (; s < stop; s++) {
      if ((s - first) % slice_ == 0 && is_cancelled()) break;
      draw_rows(b_.seed[r], s, b_.samples, b_.rows, net_.chosen);
      step.gather(x, b_.width[0], y, targets);
      const double loss = step.forward(b_.loss != nullptr);
      if (!std::isfinite(loss)) {
        lose(r, loss);
        break;
      }
      if (b_.loss != nullptr) b_.loss[r * b_.budget + (s - first)] = loss;
      step.backward();
    }
    store(r, s);
  }

  void load(int r) {
    const double* weights = b_.weights + r * count_;
    const double* carry = net_.compensated ? b_.carry + r * count_ : nullptr;
    each_weight(net_, [&](std::ptrdiff_t at, float& weight, float* carried) {
      weight = static_cast<float>(weights[at]);
      if (carried != nullptr) *carried = static_cast<float>(carry[at]);
    });
  }

  void lose(int r, double loss) {
    b_.status[r] = LANES_LOST;
    b_.lost[2 * r] = -1;
    b_.lost[2 * r + 1] = loss;
  }

  void store(int r, int64_t step) {
    bool finite = true;
    each_weight(net_, [&](std::ptrdiff_t at, float& weight, float* carried) {
      finite &= std::isfinite(weight);
      b_.weights[r * count_ + at] = weight;
      if (carried != nullptr) b_.carry[r * count_ + at] = *carried;
    });
    b_.step[r] = step;
    if (b_.status[r] != LANES_GOING || step < b_.end[r]) return;
    b_.status[r] = LANES_DONE;
    if (!finite) lose(r, std::numeric_limits<double>::quiet_NaN());  // no step is left whose loss would tell
  }

  const lanes_mlp_batch& b_;
  MlpNet net_;
  const std::ptrdiff_t count_;
  int64_t slice_;  // updates between two looks at `cancel`
};

/* The runs to train, after those that cannot be are marked. */
std::vector<int> runs_to_train(const lanes_mlp_batch& b) {
  std::vector<int> runs;
  int shared_is_sound = -1;  // not looked at
  for (int r = 0; r < b.runs; r++) {
    if (b.status[r] != LANES_GOING) continue;
    bool sound = mlp_run_sound(b, r);
    if (sound && b.step[r] == 0) {
      if (b.own_data == 1) {
        sound = mlp_data_sound(b, r);
      } else {
        if (shared_is_sound < 0) shared_is_sound = mlp_data_sound(b, 0) ? 1 : 0;
        sound = shared_is_sound == 1;
      }
    }
    if (sound) runs.push_back(r);
    if (!sound) b.status[r] = LANES_BAD_RUN;
  }
  return runs;
}

void train_all(const lanes_mlp_batch& b) {
  std::vector<std::unique_ptr<MlpWorker>> workers;
  for (int i = 0; i < std::min(b.threads, b.runs); i++) workers.push_back(std::make_unique<MlpWorker>(b));
  const std::vector<int> runs = runs_to_train(b);
  std::atomic<std::size_t> next{0};
  const auto work = [&](MlpWorker& worker) {
    for (std::size_t i = next++; i < runs.size() && !worker.is_cancelled(); i = next++) worker.train(runs[i]);
  };
  std::vector<std::thread> threads;
  threads.reserve(workers.size());
  try {
    for (std::size_t i = 1; i < workers.size(); i++) threads.emplace_back(work, std::ref(*workers[i]));
  } catch (const std::system_error&) {
    // The system gives no further thread: those that run, this one among them, do the work.
  }
  work(*workers[0]);
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace lanes

#define LANES_EXPORT extern "C" __attribute__((visibility("default")))

LANES_EXPORT int64_t lanes_mlp_weights(const lanes_mlp_batch* batch) {
  if (batch == nullptr || !lanes::mlp_has_shape(*batch)) return 0;
  const int64_t extra = batch->bias == 1 ? 1 : 0;
  int64_t count = batch->outputs * (batch->width[batch->layers] + extra);
  for (int l = 1; l <= batch->layers; l++) count += batch->width[l] * (batch->width[l - 1] + extra);
  return count;
}

LANES_EXPORT int32_t lanes_mlp_run(const lanes_mlp_batch* batch) {
  const int32_t code = lanes::mlp_check(batch);
  if (code != LANES_OK) return code;
  try {
    lanes::train_all(*batch);
  } catch (const std::bad_alloc&) {
    return lanes::mlp_refuse(
        LANES_NO_MEMORY, "There is no memory for the work of %lld threads; ask for fewer.", batch->threads);
  }
  if (batch->cancel != nullptr && *batch->cancel != 0) {
    return lanes::mlp_refuse(LANES_CANCELLED, "The call was cancelled among %lld runs.", batch->runs);
  }
  return LANES_OK;
}

LANES_EXPORT const char* lanes_mlp_last_error(void) { return lanes::mlp_error_text(); }
