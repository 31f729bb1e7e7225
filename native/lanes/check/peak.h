#ifndef JEPALAB_LANES_CHECK_PEAK_H
#define JEPALAB_LANES_CHECK_PEAK_H

/** FLOP/s of `threads` threads that do nothing but independent fused multiply-adds in registers, the best of so many
 * attempts; a fma counts 2. */
double measure_peak(bool is_double, int threads, double seconds = 0.1, int attempts = 5);
#endif
