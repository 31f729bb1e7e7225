#ifndef JEPALAB_LANES_CUDA_CHOICE_H
#define JEPALAB_LANES_CUDA_CHOICE_H
#include "cuda/block.h"
#include "cuda/plan.h"

/*
 * The kernel of a plan and its tiles, for the card and for the emulation alike, so that what is checked on the host is what
 * a card runs. A Launcher has `alone<Real, Kind, P, L>(job)` and `teams<Real, Kind, P, T, TM, TN, Inside, Threads>(plan, job)`.
 */
namespace lanes::card {

template <class Launcher, class Real, int Kind, int P, int L>
bool launch_lone(const Job<Real>& job) {
  if constexpr (L > 0) {
    if (job.features != P || job.depth != L) return launch_lone<Launcher, Real, Kind, P, L - 1>(job);
    return Launcher::template alone<Real, Kind, P, L>(job);
  }
  return false;
}

template <class Launcher, class Real, int Kind>
bool launch_kind(const Plan& plan, const Job<Real>& job) {
  constexpr bool is_double = sizeof(Real) == 8;
  switch (plan.kernel) {
    case LONE:
      if (job.features == 2) return launch_lone<Launcher, Real, Kind, 2, deepest_lone(2, is_double)>(job);
      if (job.features == 3) return launch_lone<Launcher, Real, Kind, 3, deepest_lone(3, is_double)>(job);
      return launch_lone<Launcher, Real, Kind, 4, deepest_lone(4, is_double)>(job);
    case TEAM_8:
      return Launcher::template teams<Real, Kind, 8, 4, 4, 4, true, 32>(plan, job);
    case TEAM_16:
      return Launcher::template teams<Real, Kind, 16, 16, 4, 4, true, 32>(plan, job);
    case TEAM_32:
      return Launcher::template teams<Real, Kind, 32, 32, 8, 4, true, 32>(plan, job);
    case TEAM_64:
      return Launcher::template teams<Real, Kind, 64, 256, 4, 4, true, 256>(plan, job);
    case TEAM_ANY:
      return Launcher::template teams<Real, Kind, 0, 256, 4, 4, false, 256>(plan, job);
  }
  return false;
}

}  // namespace lanes::card
#endif
