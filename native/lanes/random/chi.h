#ifndef JEPALAB_LANES_CHI_H
#define JEPALAB_LANES_CHI_H
#include "random/source.h"

/*
 * χ(m) by Marsaglia and Tsang's rejection, as defined in src/data/chi.ts. float64 repeats its every operation. float32
 * is sure of a try that passes the squeeze with 1e-5 to spare (its rounding is below 1e-6) and has all others decided in
 * float64 from the same words, so both precisions take the same try.
 */
namespace lanes {
constexpr int TRY = 1024;

/* D and c of χ(rows − j) for j < count, padded to vectors of floats. Where rows − j < 2 nobody uses them. */
class Degrees {
 public:
  Degrees(int rows, int count) : rows_(rows) {
    using V = Vec<double>;
    for (int first = 0; first < count + V::width; first += V::width) {
      double degrees[V::width];
      for (int i = 0; i < V::width; i++) degrees[i] = rows - first - i > 1 ? rows - first - i : 1;
      const V D = V::load(degrees) * constant<V>(0.5) - constant<V>(1.0 / 3);
      D.store(D_ + first);
      divide(constant<V>(1), root(constant<V>(9) * D)).store(c_ + first);
    }
  }
  double D(int j) const { return D_[j]; }
  double c(int j) const { return c_[j]; }
  bool single(int j) const { return rows_ - j <= 1; }

 private:
  int rows_;
  double D_[TRY + 2 * Vec<double>::width], c_[TRY + 2 * Vec<double>::width];
};

/* What a try needs to know of its lanes. */
template <class V>
struct Trial {
  static constexpr int groups = Block<V>::groups;
  V c, twice, share;  // c, 2D, ¾D
  Vec<double> wide_c[groups], wide_D[groups];
  uint32_t single;  // lanes of χ(1)

  static constexpr uint32_t all = V::width == 32 ? ~0u : (1u << V::width) - 1;

  Trial() = default;
  /* Entry j in every lane. */
  Trial(const Degrees& degrees, int j) : single(degrees.single(j) ? all : 0) {
    using Real = typename V::Real;
    const double D = degrees.D(j);
    c = constant<V>(static_cast<Real>(degrees.c(j)));
    twice = constant<V>(static_cast<Real>(2 * D));
    share = constant<V>(static_cast<Real>(0.75 * D));
    for (int g = 0; g < groups; g++) {
      wide_c[g] = constant<Vec<double>>(degrees.c(j));
      wide_D[g] = constant<Vec<double>>(D);
    }
  }

  /* Entry j + l / each in lane l. */
  template <int each>
  struct InTurn {};
  template <int each>
  Trial(const Degrees& degrees, int first, InTurn<each>) : single(0) {
    using Real = typename V::Real;
    Real a[V::width], b[V::width], s[V::width];
    double wide[groups][2][Vec<double>::width];
    for (int l = 0; l < V::width; l++) {
      const int j = first + l / each;
      const double D = degrees.D(j);
      a[l] = static_cast<Real>(degrees.c(j));
      b[l] = static_cast<Real>(2 * D);
      s[l] = static_cast<Real>(0.75 * D);
      wide[l % groups][0][l / groups] = degrees.c(j);
      wide[l % groups][1][l / groups] = D;
      single |= static_cast<uint32_t>(degrees.single(j)) << l;
    }
    c = V::load(a);
    twice = V::load(b);
    share = V::load(s);
    for (int g = 0; g < groups; g++) {
      wide_c[g] = Vec<double>::load(wide[g][0]);
      wide_D[g] = Vec<double>::load(wide[g][1]);
    }
  }
};

template <class V>
LANES_INLINE V cube(V a) {
  return a * a * a;
}

/* Lanes that pass the squeeze, in the operations of chi.ts. */
LANES_INLINE uint32_t squeezed(Vec<double> share, Vec<double> y, Vec<double> u) {
  using V = Vec<double>;
  const V one = constant<V>(1), size = absolute(y), square = y * y;
  const V bound = one - divide(share * (square * square), one - size);
  return ~at_least(size, one) & ~at_least(u, bound);
}

/* Lanes whose tries are taken, in the operations of chi.ts. */
LANES_INLINE uint32_t taken(Vec<double> c, Vec<double> D, const Block<Vec<double>>& block) {
  using V = Vec<double>;
  const V one = constant<V>(1), x = first_normal(block), u = uniform(block.at(2));
  const V y = c * x, v = cube(one + y);
  const V h = constant<V>(0.5) * (x * x) + D * (one - v + logarithm(v));
  const uint32_t passed = ~at_most(y, constant<V>(-1)) & ~at_least(logarithm(u), h);
  return squeezed(constant<V>(0.75) * D, y, u) | passed;
}

/* The lanes that are surely taken; the others may be. */
LANES_INLINE uint32_t surely(const Trial<Vec<double>>& trial, Vec<double> y, Vec<double> u) {
  return squeezed(trial.share, y, u);
}
LANES_INLINE uint32_t surely(const Trial<Vec<float>>& trial, Vec<float> y, Vec<float> u) {
  using V = Vec<float>;
  const V room = constant<V>(1) - absolute(y), square = y * y;
  const V left = (constant<V>(1 - 1e-5f) - u) * room;
  return at_least(left, trial.share * (square * square)) & at_least(room, constant<V>(0x1p-20f));
}

/* Every lane's decision in float64. Seldom asked for, so it stays out of the way. */
template <class V>
__attribute__((noinline)) uint32_t decided(const Trial<V>& trial, const Block<V>& block) {
  uint32_t mask = 0;
  for (int g = 0; g < Trial<V>::groups; g++) {
    Block<Vec<double>> words;
    for (int i = 0; i < 4; i++) words.word[0][i] = block.word[g][i];
    const uint32_t bits = taken(trial.wide_c[g], trial.wide_D[g], words);
    for (int i = 0; i < Vec<double>::width; i++) mask |= (bits >> i & 1) << (i * Trial<V>::groups + g);
  }
  return mask;
}

/* One try of every lane that is open; what it takes goes to `out`. x: the block's first normal. */
template <class V>
LANES_INLINE void attempt(const Trial<V>& trial, const Block<V>& block, V x, V& out, uint32_t& open) {
  const V y = trial.c * x, one = constant<V>(1);
  uint32_t mask = surely(trial, y, uniform(block.at(2))) | trial.single;
  if ((open & ~mask) != 0) mask |= decided(trial, block);
  const V value = keep(trial.single, absolute(x), root(trial.twice * cube(one + y)));
  out = keep(open & mask, value, out);
  open &= ~mask;
}

/* χ of every lane of n entries, whose first tries go through the rounds together. draw(t, entry, blocks of try t from an entry on) */
template <int n, class V, class Draw>
LANES_INLINE void chis(const Trial<V> (&trial)[n], V (&out)[n], Draw draw) {
  Block<V> first[n];
  V x[n];
  draw(0, 0, first);
  first_normals(first, x);
#pragma GCC unroll 4
  for (int i = 0; i < n; i++) {
    uint32_t open = Trial<V>::all;
    out[i] = V::zero();
    attempt(trial[i], first[i], x[i], out[i], open);
    for (int64_t t = 1; open != 0; t++) {
      Block<V> again[1];
      draw(t, i, again);
      attempt(trial[i], again[0], first_normal(again[0]), out[i], open);
    }
  }
}
}  // namespace lanes
#endif
