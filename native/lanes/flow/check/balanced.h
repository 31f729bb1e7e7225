#ifndef JEPALAB_LANES_FLOW_CHECK_BALANCED_H
#define JEPALAB_LANES_FLOW_CHECK_BALANCED_H
#include "check/library.h"

/**
 * Gradient flow of balanced starts against the exact critical times (docs/theory.md, section 3, in long
 * double): evaluations, seconds and the largest error of reaching half the fixed point. @returns whether all
 * are within 1e-8
 */
bool check_balanced(const Library &library);
#endif
