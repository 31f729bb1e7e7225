#ifndef JEPALAB_LANES_FLOW_CHECK_DENSE_H
#define JEPALAB_LANES_FLOW_CHECK_DENSE_H
#include "check/library.h"

/**
 * Gradient flow of dense random starts against the classical method of order 4 in small steps and plain
 * loops.
 * @returns whether the weights at the end agree to 1e-8
 */
bool check_dense(const Library &library);
#endif
