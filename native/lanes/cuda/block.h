#ifndef JEPALAB_LANES_CUDA_BLOCK_H
#define JEPALAB_LANES_CUDA_BLOCK_H
#include "cuda/lone-net.h"
#include "cuda/team-net.h"
#include "cuda/train.h"

/* What one thread of one block does, on the card and in the emulation alike. */
namespace lanes::card {

template <class Real, int Kind, int P, int L>
LANES_CARD void train_alone(const Job<Real>& job, int block, int thread) {
  const int64_t run = static_cast<int64_t>(block) * 32 + thread;
  if (run >= job.runs) return;
  LoneNet<Real, Kind, P, L> net{job, {}, {}, {}, {}, {}, {}, run};
  train(net, job, run, true);
}

template <class Real, int Kind, int P, int T, int TM, int TN, bool Inside>
LANES_CARD void train_in_team(const Job<Real>& job, unsigned char* memory, int team_bytes, int runs_a_block,
                              int block, int thread) {
  const int team = thread / T;
  const int64_t run = static_cast<int64_t>(block) * runs_a_block + team;
  if (run >= job.runs) return;
  unsigned char* mine = memory + team * team_bytes;
  Real* fast = Inside ? reinterpret_cast<Real*>(mine) : job.workspace + run * job.layout.reals;
  Real* slow = job.layout.slow_inside != 0 ? fast : job.slow + run * job.layout.slow_reals;
  int* flag = reinterpret_cast<int*>(mine + (Inside ? job.layout.reals * sizeof(Real) : 0));
  TeamNet<Real, Kind, P, T, TM, TN, Inside> net{job, fast, slow, flag, thread % T};
  train(net, job, run, thread % T == 0);
}

}  // namespace lanes::card
#endif
