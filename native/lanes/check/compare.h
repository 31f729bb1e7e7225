#ifndef JEPALAB_LANES_CHECK_COMPARE_H
#define JEPALAB_LANES_CHECK_COMPARE_H
#include <string>

#include "case.h"
#include "verdict.h"

/** Demands the model's bits of every run: weights, carries, velocities, looks, passages; rows to rounding. */
void compare(const Case& found, const Case& expected, const std::string& name, Verdict& verdict);

/** Trains a case to its steps in calls of `piece` updates. False where a call did not return LANES_OK; see
 * `code`. */
bool train_in_pieces(const Library& library, Case& c, int64_t piece, int32_t& code);
#endif
