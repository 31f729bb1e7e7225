#ifndef JEPALAB_LANES_CHECK_REFERENCE_H
#define JEPALAB_LANES_CHECK_REFERENCE_H
#include <vector>

#include "case.h"

/**
 * Trains every run of a case by at most `budget` updates with the scalar model: the bits that a library has
 * to give. Descent and handed batches. Rows are measured by `measure`, whose last bits are its own.
 */
void train_model(Case& c, int64_t budget);

/**
 * The same by plain loops over doubles that know nothing of fused multiply-adds, Kahan or the order of a sum.
 * @returns weights [R][weights_a_run] after the case's steps, from its state now
 */
std::vector<double> train_plainly(const Case& c);

/** Loss and amplitudes [1 + d] of one run's weights (w + c), by plain double loops. */
std::vector<double> measure(const Case& c, int run, const double* weights);

/** The step of the first look after one at `last`, measurement points and the end left aside. */
int64_t next_look(double last);
#endif
