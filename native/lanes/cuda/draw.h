#ifndef JEPALAB_LANES_CUDA_DRAW_H
#define JEPALAB_LANES_CUDA_DRAW_H
#include "cuda/chance.h"
#include "cuda/job.h"
#include "cuda/step.h"

namespace lanes::card {

/* The row of normal number n of the triangle below a diagonal: row (row − 1) / 2 ≤ n. */
LANES_CARD int triangle_row(int n) {
  int row = static_cast<int>((1.0f + root(1.0f + 8.0f * static_cast<float>(n))) * 0.5f);
  while (row * (row - 1) / 2 > n) row--;
  while (row * (row + 1) / 2 <= n) row++;
  return row;
}

/* A into `lower` and −K = (−H) G into `kick` for the update at `step`; `mixed` holds G on the way. */
template <class Net, class Real>
LANES_CARD void draw(Net& net, const Job<Real>& job, int64_t run, int64_t step) {
  const int d = net.d(), ld = net.ld(), below = d * (d - 1) / 2;
  const uint64_t seed = static_cast<uint64_t>(job.seed[run]), at = static_cast<uint64_t>(step);
  const bool full = job.form == LANES_FULL;
  Real *lower = net.lower(), *kick = net.kick(), *normal = full ? net.mixed() : kick;
  const Real* noise = net.row(3);
  net.each_in_row((d * d + 3) / 4, [&](int block) {
    Real n[4];
    four_normals(philox(seed, at, CROSS, static_cast<uint32_t>(block)), n);
    for (int s = 0, e = 4 * block; s < 4 && e < d * d; s++, e++) {
      const int k = e / d;
      normal[k * ld + e % d] = full ? n[s] : noise[k] * n[s];
    }
  });
  net.each_in_row((below + 3) / 4, [&](int block) {
    Real n[4];
    four_normals(philox(seed, at, BARTLETT, static_cast<uint32_t>(block)), n);
    for (int s = 0, e = 4 * block; s < 4 && e < below; s++, e++) {
      const int row = triangle_row(e);
      lower[row * ld + e - row * (row - 1) / 2] = n[s];
    }
  });
  net.each_in_row(d, [&](int j) { lower[j * ld + j] = chi<Real>(seed, at, job.draws, j); });
  net.sync();
  if (!full) return;
  net.template product<true, false>(d, d, d, net.noise(), normal, FromZero<Real>(), StoreTo<Real>{kick, ld});
  net.sync();
}

}  // namespace lanes::card
#endif
