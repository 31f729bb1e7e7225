#ifndef JEPALAB_LANES_CUDA_TEAM_NET_H
#define JEPALAB_LANES_CUDA_TEAM_NET_H
#include "cuda/arithmetic.h"
#include "cuda/job.h"
#include "cuda/threads.h"
#include "lanes.h"

namespace lanes::card {

/*
 * A run on T threads, each of which holds a TM × TN tile of every product in registers; the matrices lie in
 * shared memory (Inside) or in the card's (L2). P: rows of the square that holds every matrix, zero beyond
 * its own sizes; 0: any, in blocks of 64.
 *
 * Rows are P + 4 reals apart. A tile's columns lie side by side where the right operand is read along its
 * rows, and P / TN apart where it is read along its columns: either way eight threads read 16 bytes each from
 * different banks.
 */
template <class R, int Kind, int P, int T, int TM, int TN, bool Inside>
struct TeamNet {
  using Real = R;
  static constexpr int kind = Kind, block = P > 0 ? P : 64, groups = block / TN;
  static_assert(block / TM * groups == T, "a tile a thread");
  static constexpr bool lone = false, inside = Inside;
  static constexpr int team = T;

  const Job<Real>& job;
  Real *fast, *slow;
  int* flag; /* a word that the team shares */
  int rank;

  LANES_CARD int ld() const { return P > 0 ? P + 4 : job.layout.ld; }
  LANES_CARD int square() const { return P > 0 ? P * (P + 4) : job.layout.square; }
  LANES_CARD int depth() const { return job.depth; }
  LANES_CARD int d() const { return job.features; }
  LANES_CARD int w() const { return job.width; }
  LANES_CARD int o() const { return job.objective == LANES_JEPA ? job.width : job.features; }

  LANES_CARD Real* weight(int a) const { return fast + job.layout.weight + a * square(); }
  LANES_CARD Real* carry(int a) const { return slow + job.layout.carry + a * square(); }
  LANES_CARD Real* velocity(int a) const { return slow + job.layout.velocity + a * square(); }
  LANES_CARD Real* below(int a) const {
    return a == 1 ? weight(1) : fast + job.layout.below + (a - 2) * square();
  }
  LANES_CARD Real* residual() const { return fast + job.layout.residual; }
  LANES_CARD Real* back(int a) const { return fast + job.layout.back + (a & 1) * square(); }
  LANES_CARD Real* mixed() const { return fast + job.layout.mixed; }
  LANES_CARD Real* syx() const { return fast + job.layout.syx; }
  LANES_CARD Real* batch() const { return fast + job.layout.batch; }
  LANES_CARD Real* lower() const { return fast + job.layout.lower; }
  LANES_CARD Real* kick() const { return fast + job.layout.kick; }
  LANES_CARD Real* noise() const { return fast + job.layout.noise; }
  /* Vectors: 0 sxx (moments: σ), 1 λ (slope), 2 τ, 3 −ν, 4 amplitudes. */
  LANES_CARD Real* row(int k) const { return fast + job.layout.rows + k * ld(); }

  LANES_CARD const Real* variances() const { return row(0); }
  LANES_CARD const Real* lambdas() const { return row(1); }
  LANES_CARD Real* amplitudes() const { return row(4); }

  LANES_CARD void sync() const { sync_team<T>(rank); }

  /* Elements (i, j) of an m × n matrix, each by one thread. */
  template <class F>
  LANES_CARD void each(int m, int n, F f) const {
    LANES_ROLL
    for (int e = rank; e < m * n; e += T) f(e / n, e % n);
  }
  template <class F>
  LANES_CARD void each_in_row(int n, F f) const {
    LANES_ROLL
    for (int j = rank; j < n; j += T) f(j);
  }

  /* True for the whole team where any of its threads says so. */
  LANES_CARD bool any(bool mine) const {
    if (rank == 0) *flag = 0;
    sync();
    if (mine) *flag = 1;
    sync();
    const bool found = *flag != 0;
    sync();
    return found;
  }

  /* What the leader says, for the whole team. */
  LANES_CARD int told(int mine) const {
    if (rank == 0) *flag = mine;
    sync();
    const int found = *flag;
    sync();
    return found;
  }

  /*
   * out(i, j, Σₖ a(i, k) b(k, j) begun at start(i, j)), one fma chain over rising k. AlongK: a(i, k) lies at
   * a[i·ld + k], else at a[k·ld + i]; b(k, j) at b[j·ld + k], else at b[k·ld + j].
   */
  template <bool AAlongK, bool BAlongK, class Start, class Out>
  LANES_CARD void product(int m, int n, int k, const Real* a, const Real* b, Start start, Out out) const {
    const int i = rank / groups * TM, j = rank % groups;
    if constexpr (P > 0) {
      tile<AAlongK, BAlongK>(i, BAlongK ? j : j * TN, k, a, b, start, out);
    } else {
      for (int bi = 0; bi < m; bi += block)
        for (int bj = 0; bj < n; bj += block)
          tile<AAlongK, BAlongK>(bi + i, bj + (BAlongK ? j : j * TN), k, a, b, start, out);
    }
  }

 private:
  template <bool AAlongK, bool BAlongK, class Start, class Out>
  LANES_CARD void tile(int i, int j, int k, const Real* a, const Real* b, Start start, Out out) const {
    constexpr int apart = BAlongK ? groups : 1;
    Real sum[TM][TN];
    LANES_UNROLL
    for (int r = 0; r < TM; r++) LANES_UNROLL
    for (int c = 0; c < TN; c++) sum[r][c] = start(i + r, j + c * apart);
    const int whole = k & ~3;
    LANES_ROLL
    for (int p = 0; p < whole; p += 4) {
      Four<Real> left[TM], right[TN];
      if constexpr (AAlongK) LANES_UNROLL
      for (int r = 0; r < TM; r++) left[r] = four_at(a + (i + r) * ld() + p);
      if constexpr (BAlongK) LANES_UNROLL
      for (int c = 0; c < TN; c++) right[c] = four_at(b + (j + c * apart) * ld() + p);
      LANES_UNROLL
      for (int q = 0; q < 4; q++) {
        Real x[TM], y[TN];
        if constexpr (AAlongK) LANES_UNROLL
        for (int r = 0; r < TM; r++) x[r] = left[r].v[q];
        else across<TM>(x, a + (p + q) * ld() + i);
        if constexpr (BAlongK) LANES_UNROLL
        for (int c = 0; c < TN; c++) y[c] = right[c].v[q];
        else across<TN>(y, b + (p + q) * ld() + j);
        add(sum, x, y);
      }
    }
    LANES_ROLL
    for (int p = whole; p < k; p++) {
      Real x[TM], y[TN];
      LANES_UNROLL
      for (int r = 0; r < TM; r++) x[r] = AAlongK ? a[(i + r) * ld() + p] : a[p * ld() + i + r];
      LANES_UNROLL
      for (int c = 0; c < TN; c++) y[c] = BAlongK ? b[(j + c * apart) * ld() + p] : b[p * ld() + j + c];
      add(sum, x, y);
    }
    LANES_UNROLL
    for (int r = 0; r < TM; r++) LANES_UNROLL
    for (int c = 0; c < TN; c++) out(i + r, j + c * apart, sum[r][c]);
  }

  template <int N>
  static LANES_CARD void across(Real* to, const Real* from) {
    LANES_UNROLL
    for (int r = 0; r < N; r += 4) {
      const Four<Real> four = four_at(from + r);
      LANES_UNROLL
      for (int q = 0; q < 4; q++) to[r + q] = four.v[q];
    }
  }

  static LANES_CARD void add(Real (&sum)[TM][TN], const Real (&x)[TM], const Real (&y)[TN]) {
    LANES_UNROLL
    for (int r = 0; r < TM; r++) LANES_UNROLL
    for (int c = 0; c < TN; c++) sum[r][c] = fused(x[r], y[c], sum[r][c]);
  }
};

}  // namespace lanes::card
#endif
