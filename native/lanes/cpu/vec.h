#ifndef JEPALAB_LANES_VEC_H
#define JEPALAB_LANES_VEC_H

/*
 * One SIMD vector of reals: `Vec<float>` and `Vec<double>` of the instruction set that this translation unit is
 * compiled for. Every operation is one IEEE operation with one rounding, so the width never shows in the bits.
 *
 *   V::width   V::load V::store (any alignment)   V::broadcast V::zero
 *   fma(a, b, c) = a b + c    fms(a, b, c) = a b − c    fnma(a, b, c) = c − a b    + − *    root(a)
 *   at_least(a, b), at_most(a, b) → bit mask; a NaN gives 0    keep(mask, a, b) = a where the bit is set, else b
 */
#define LANES_INLINE inline __attribute__((always_inline))

#if defined(LANES_ISA_AVX512)
#include "cpu/vec-avx512.h"
#elif defined(LANES_ISA_AVX2)
#include "cpu/vec-avx2.h"
#else
#include "cpu/vec-portable.h"
#endif

namespace lanes {
/* Asks for a line of memory that will be written, from whichever core has it. */
LANES_INLINE void claim(const void* at) {
#if defined(LANES_ISA_AVX512)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(at)));
#else
  __builtin_prefetch(at, 1);
#endif
}

/*
 * A value that is in a register of its own: without this g++ folds a load that many operations share into each of them.
 * By value, for a vector whose address is taken goes through the stack.
 */
template <class V>
LANES_INLINE V held(V x) {
#if defined(__x86_64__) && (defined(LANES_ISA_AVX512) || defined(LANES_ISA_AVX2))
  asm("" : "+v"(x.v));
#endif
  return x;
}
}  // namespace lanes
#endif
