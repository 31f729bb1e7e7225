#ifndef JEPALAB_LANES_MOMENTS_H
#define JEPALAB_LANES_MOMENTS_H
#include "cpu/net.h"
#include "random/chi.h"

/*
 * The factors of a minibatch's second moments (src/data/wishart.ts): A lower triangular, A_jj = χ(rows − j), A_jk
 * normal number j(j−1)/2 + k of stream BARTLETT; G_ij normal number i·d + j of stream CROSS. Above A's diagonal
 * nothing is written.
 */
namespace lanes {
/* Lanes: seeds and steps [V::width], one run each; ld is d. nu: rows [d] that G's are scaled by, or NULL. */
template <class V>
__attribute__((noinline)) void draw_factors(Matrix<V, V::width> lower, Matrix<V, V::width> normal, int d,
                                            const int64_t* seeds, const int64_t* steps, int rows,
                                            const typename V::Real* nu) {
  const Source<V> source(seeds, steps);
  const Degrees degrees(rows, d);
  int row = 0, col = 0;
  if (nu == nullptr) {
    normals(source, CROSS, d * d, [=](int number, V n) { n.store(normal.vector(0, number)); });
  } else {
    normals(source, CROSS, d * d, [&](int number, V n) {
      (V::load(nu + row * V::width) * n).store(normal.vector(0, number));
      if (++col == d) row++, col = 0;
    });
  }
  row = 1, col = 0;
  normals(source, BARTLETT, d * (d - 1) / 2, [&](int, V n) {
    n.store(lower.vector(row, col));
    if (++col == row) row++, col = 0;
  });
  const auto diagonal = [&](auto count, int j) {
    constexpr int n = decltype(count)::value;
    Trial<V> trial[n];
    V value[n];
    for (int i = 0; i < n; i++) trial[i] = Trial<V>(degrees, j + i);
    chis(trial, value, [&](int64_t t, int i, auto& block) { source.draw(CHI, j + i + t * TRY, block); });
    for (int i = 0; i < n; i++) value[i].store(lower.vector(j + i, j + i));
  };
  int j = 0;
  for (; j + 2 <= d; j += 2) diagonal(std::integral_constant<int, 2>(), j);
  if (j < d) diagonal(std::integral_constant<int, 1>(), j);
}

/* Matrix: one run, element by element; A' is written to `upper`. */
template <class V>
__attribute__((noinline)) void draw_factors(Matrix<V, 1> lower, Matrix<V, 1> upper, Matrix<V, 1> normal,
                                            int d, int64_t seed, int64_t step, int rows) {
  using Real = typename V::Real;
  int64_t seeds[V::width], steps[V::width];
  for (int l = 0; l < V::width; l++) seeds[l] = seed, steps[l] = step;
  const Source<V> source(seeds, steps);
  const Degrees degrees(rows, d);
  const auto element = [](const Matrix<V, 1>& m, int r, int c) -> Real& { return m.vector(r, 0)[c]; };
  int row = 0, col = 0;
  normals_in_turn(source, CROSS, d * d, [&](int, Real n) {
    element(normal, row, col) = n;
    if (++col == d) row++, col = 0;
  });
  row = 1, col = 0;
  normals_in_turn(source, BARTLETT, d * (d - 1) / 2, [&](int, Real n) {
    element(lower, row, col) = element(upper, col, row) = n;
    if (++col == row) row++, col = 0;
  });
  for (int j = 0; j < d; j += V::width) {
    const Trial<V> trial(degrees, j, typename Trial<V>::template InTurn<1>());
    Real value[V::width];
    V drawn[1];
    const Trial<V> trials[1] = {trial};
    chis(trials, drawn, [&](int64_t t, int, Block<V> (&block)[1]) { source.draw_in_turn(CHI, j + t * TRY, block); });
    drawn[0].store(value);
    for (int l = 0; l < V::width && j + l < d; l++)
      element(lower, j + l, j + l) = element(upper, j + l, j + l) = value[l];
  }
}

/* A, A' (matrix layout), G and −K = (−H) G of the update that each run is at. */
template <class V, int Runs, int D>
void draw_moments(Net<V, Runs, D>& net, const int64_t* seeds, const int64_t* steps, int rows) {
  const int d = net.size.d(), cd = net.cd();
  if constexpr (Runs == V::width) {
    const bool diagonal = net.form != LANES_FULL;  // then K lies where G would
    draw_factors<V>(net.lower, net.normal, d, seeds, steps, rows, diagonal ? net.nu : nullptr);
    if (diagonal) return;
  } else {
    draw_factors<V>(net.lower, net.upper, net.normal, d, seeds[0], steps[0], rows);
  }
  const auto kick = net.kick, normal = net.normal;
  if (net.form == LANES_FULL) {
    constexpr int N = Net<V, Runs, D>::vectors(D);
    using Mat = typename Net<V, Runs, D>::Mat;
    chain<Mat, D, N>(0, d, cd, d, net.noise.left(), normal.right(), FromZero<Mat>{}, Store<Mat>{kick});
    return;
  }
  for (int k = 0; k < d; k++) {
    const V nu = V::broadcast(net.nu[k]);
    for (int j = 0; j < cd; j++) (nu * V::load(normal.vector(k, j))).store(kick.vector(k, j));
  }
}
}  // namespace lanes
#endif
