#ifndef JEPALAB_LANES_WORDS_H
#define JEPALAB_LANES_WORDS_H
#include "cpu/vec.h"

/*
 * The integers beside a vector of reals: Words<double> has 64-bit lanes, Words<float> 32-bit lanes, as many as Vec has.
 *
 *   W::broadcast W::load    ^ & | + −    xor3(a, b, c)    left<n> right<n> (zeros come in)    bits_as(w) bits_of(v)
 *   choose(w, a, b) = a where the top bit of w is set, else b    flip(w, a) = −a where it is set, else a
 *   Words<double>: times(a, b), the 64-bit product of the low halves    pack(even, odd), their low halves as Words<float>
 *   Words<float>: right_signed<n>    number(w), the signed integer rounded to float32    choose_left<n>(w, a, b) = choose(w.left<n>(), a, b)
 *   Vec<double>: divide(a, b)    single(a), rounded to float32
 */
#if defined(LANES_ISA_AVX512)
#include "random/words-avx512.h"
#elif defined(LANES_ISA_AVX2)
#include "random/words-avx2.h"
#else
#include "random/words-portable.h"
#endif

namespace lanes {
/* An integer below 2^52, exactly. */
LANES_INLINE Vec<double> number(Words<double> w) {
  const Words<double> exponent = Words<double>::broadcast(0x4330000000000000);
  return bits_as(w | exponent) - Vec<double>::broadcast(4503599627370496.0);
}

/* The low half alone. */
LANES_INLINE Words<double> low(Words<double> w) { return w & Words<double>::broadcast(0xffffffff); }

template <class V>
LANES_INLINE V absolute(V a) {
  using Real = typename V::Real;
  const uint64_t most = ~uint64_t{0} >> (65 - 8 * sizeof(Real));
  return bits_as(bits_of(a) & Words<Real>::broadcast(most));
}
}  // namespace lanes
#endif
