#ifndef JEPALAB_LANES_CUDA_TRAINER_H
#define JEPALAB_LANES_CUDA_TRAINER_H
#include <algorithm>
#include <cmath>
#include <vector>

#include "cuda/memory.h"
#include "lanes.h"

namespace lanes::card {

/*
 * One call of lanes_run on the card: the runs' state there, launches from stop to stop, and what the host
 * does at a stop. Nothing of the caller's is written before `commit` but the recorder's arrays, which `undo`
 * puts back.
 */
template <class Real>
class Trainer {
 public:
  explicit Trainer(const lanes_batch& b);
  /* Launches until every run has ended or gone as far as the call goes, or the caller cancels. */
  void train();
  /* Writes the weights, carries, velocities, steps and looks of all runs that were trained. */
  void commit();
  void undo();

 private:
  const lanes_batch& b_;
  const int64_t size_; /* weights of a run */
  Plan plan_;
  Job<Real> job_{};
  int64_t longest_; /* updates a launch */

  Mirror<RunState> state_;
  Mirror<Real> weights_, carry_, velocity_, sxx_, syx_, directions_, slope_, noise_, sigma_, share_, rate_,
      momentum_;
  Mirror<Real> batch_sxx_, batch_syx_, looked_, seen_, workspace_, slow_;
  Mirror<int64_t> seed_;
  Mirror<double> ladder_;
  Mirror<int32_t> above_, below_;
  Mirror<Event> log_;
  std::vector<bool> trained_; /* [runs] */
  std::vector<int64_t> stop_; /* [runs] where the call ends */

  struct Recorder {
    std::vector<int32_t> above, below, next_point, passages, status;
    std::vector<double> looked_at, lost;
  } before_;

  void keep_recorder();
  void start_runs();
  void place_data();
  void place_state();
  void point_job();
  bool open_window();
  void aim();
  void attend();
  void replay(int run);
  void take_look(int run);
  void take_rows(const std::vector<int>& runs);
  void settle(int run);
  int64_t next_point(int run) const;
  bool is_windowed() const { return b_.rate_table != 0 || b_.mode == LANES_GIVEN; }
};

}  // namespace lanes::card
#endif
