#ifndef JEPALAB_LANES_RESULTS_H
#define JEPALAB_LANES_RESULTS_H
#include "cpu/product.h"

/* What becomes of the elements of a product, besides `Store`: `column(j)` gives what takes (i, element) of column j. */
namespace lanes {
/* What an update does to a weight; see README.md, "The arithmetic". */
enum Rule { PLAIN = 0, COMPENSATED = 1, INT8X3 = 2 };

/* R = U sxx − T, where T is a matrix or, `scaled`, W̄ scaled by λ. */
template <class Mat>
struct Residual {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  Mat to, target;
  const Real *sxx, *lambda;
  bool scaled;
  LANES_INLINE auto column(int j) const {
    const V variance = V::load(sxx + j * V::width), scale = V::load(lambda + j * V::width);
    return [=](int i, V u) {
      const V t = V::load(target.vector(i, j));
      fms(u, variance, scaled ? t * scale : t).store(to.vector(i, j));
    };
  }
};

/* U' = (U − T) σ, where T is a matrix. */
template <class Mat>
struct Apart {
  using V = typename Mat::Vector;
  Mat to, target;
  const typename V::Real* sigma;
  LANES_INLINE auto column(int j) const {
    const V scale = V::load(sigma + j * V::width);
    return [=](int i, V u) { ((u - V::load(target.vector(i, j))) * scale).store(to.vector(i, j)); };
  }
};

/* U' = (U − W̄ ρ) σ with ρ diagonal. */
template <class Mat>
struct ApartFrom {
  using V = typename Mat::Vector;
  Mat to, product;
  const typename V::Real *rho, *sigma;
  LANES_INLINE auto column(int j) const {
    const V slope = V::load(rho + j * V::width), scale = V::load(sigma + j * V::width);
    return [=](int i, V u) { (fnma(V::load(product.vector(i, j)), slope, u) * scale).store(to.vector(i, j)); };
  }
};

/* Sums that were not begun from where they start go there. */
template <class Start, class Out>
struct Onto {
  Start start;
  Out out;
  LANES_INLINE auto column(int j) const {
    return [put = out.column(j), *this, j](int i, auto sum) { put(i, start(i, j) + sum); };
  }
};

template <class Mat, class Out>
LANES_INLINE const Out& onto(const FromZero<Mat>&, const Out& out) {
  return out;
}
template <class Start, class Out>
LANES_INLINE Onto<Start, Out> onto(const Start& start, const Out& out) {
  return {start, out};
}

/* The elements plus those of another matrix. */
template <class Mat>
struct Plus {
  using V = typename Mat::Vector;
  Mat to, other;
  LANES_INLINE auto column(int j) const {
    return [=](int i, V sum) { (sum + V::load(other.vector(i, j))).store(to.vector(i, j)); };
  }
};

/* The elements times a number for each column. */
template <class Mat>
struct Scaled {
  using V = typename Mat::Vector;
  Mat to;
  const typename V::Real* scale;
  LANES_INLINE auto column(int j) const {
    const V factor = V::load(scale + j * V::width);
    return [=](int i, V sum) { (sum * factor).store(to.vector(i, j)); };
  }
};

/* A gradient's element, or with momentum the velocity's, goes into its weight, which may lie somewhere else from there on. */
template <class Mat, int Kind>
struct Update {
  using V = typename Mat::Vector;
  using Real = typename V::Real;
  Mat weight, carry, to;
  const Real* rates;  // a vector of them
  bool far;           // the weight is large, or others of a team read it
  LANES_INLINE void operator()(int i, int j, V g) const { take(i, j, g, V::load(rates)); }
  LANES_INLINE auto column(int j) const {
    const V rate = V::load(rates);
    return [=](int i, V g) { take(i, j, g, rate); };
  }

 private:
  LANES_INLINE void take(int i, int j, V g, V rate) const {
    const V was = V::load(weight.vector(i, j));
    if constexpr (Kind != PLAIN) {
      Real* c = carry.vector(i, j);
      const V y = fnma(rate, g, V::load(c)), is = was + y;
      (y - (is - was)).store(c);
      is.store(to.vector(i, j));
    } else {
      fnma(rate, g, was).store(to.vector(i, j));
    }
  }
};

template <class Mat, int Kind>
LANES_INLINE void foresee(const Update<Mat, Kind>& update, int i0, int rows, int j0, int columns, int n) {
  if (!update.far || n >= rows * columns) return;
  const int i = i0 + n / columns, j = j0 + n % columns;
  claim(update.weight.vector(i, j));
  if constexpr (Kind != PLAIN) claim(update.carry.vector(i, j));
}

/* A gradient's element goes into its velocity. */
template <class Mat>
struct Push {
  using V = typename Mat::Vector;
  Mat velocity;
  V mu;
  LANES_INLINE void operator()(int i, int j, V g) const {
    auto* v = velocity.vector(i, j);
    fma(mu, V::load(v), g).store(v);
  }
  LANES_INLINE auto column(int j) const {
    return [=](int i, V g) { (*this)(i, j, g); };
  }
};
}  // namespace lanes
#endif
