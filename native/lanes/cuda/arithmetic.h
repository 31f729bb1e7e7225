#ifndef JEPALAB_LANES_CUDA_ARITHMETIC_H
#define JEPALAB_LANES_CUDA_ARITHMETIC_H
#include <cmath>
#include <cstdint>

/* The one place that knows whether nvcc or g++ reads the kernels: g++ runs them on the host (emulate.h). */
#ifdef __CUDACC__
#define LANES_CARD __device__ __forceinline__
#define LANES_UNROLL _Pragma("unroll")
/* For loops whose length is known to a LoneNet alone, which needs it: its matrices are registers. */
#define LANES_UNROLL_LONE _Pragma("unroll (Net::lone ? 16 : 1)")
#define LANES_ROLL _Pragma("unroll 1")
#else
#define LANES_CARD inline
#define LANES_UNROLL
#define LANES_UNROLL_LONE
#define LANES_ROLL
#endif

namespace lanes::card {

#ifdef __CUDACC__
LANES_CARD float fused(float a, float b, float c) {
  return __fmaf_rn(a, b, c);
}
LANES_CARD double fused(double a, double b, double c) {
  return __fma_rn(a, b, c);
}
LANES_CARD float root(float a) {
  return __fsqrt_rn(a);
}
LANES_CARD double root(double a) {
  return __dsqrt_rn(a);
}
#else
LANES_CARD float fused(float a, float b, float c) {
  return std::fma(a, b, c);
}
LANES_CARD double fused(double a, double b, double c) {
  return std::fma(a, b, c);
}
LANES_CARD float root(float a) {
  return std::sqrt(a);
}
LANES_CARD double root(double a) {
  return std::sqrt(a);
}
#endif

/* Amplitudes past these square to more than their type holds: cpu/ladder.h. */
LANES_CARD bool is_within(float amplitude) {
  return amplitude <= 3.402823466e+38f;
}
LANES_CARD bool is_within(double amplitude) {
  return amplitude <= 1e150;
}

/* Four reals that are read at once. */
template <class Real>
struct alignas(4 * sizeof(Real)) Four {
  Real v[4];
};

template <class Real>
LANES_CARD Four<Real> four_at(const Real* p) {
  return *reinterpret_cast<const Four<Real>*>(p);
}

}  // namespace lanes::card
#endif
