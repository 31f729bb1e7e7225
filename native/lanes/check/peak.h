#ifndef JEPALAB_LANES_CHECK_PEAK_H
#define JEPALAB_LANES_CHECK_PEAK_H

/** FLOP/s of `threads` threads that do nothing but independent fused multiply-adds in registers; a fma
 * counts 2. */
double measure_peak(bool is_double, int threads);
#endif
