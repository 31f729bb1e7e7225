/*
 * Holds the gradient flow of a library to exact times and to a plain integrator: flow-check LIBRARY. Ends
 * with 1 where one is off by more than 1e-8 or a run does not come to its end.
 */
#include <cstdio>

#include "balanced.h"
#include "dense.h"

int main(int count, char **words) {
  if (count != 2) {
    std::fprintf(stderr, "flow-check LIBRARY: give the path of one build of the kernels.\n");
    return 2;
  }
  const Library library(words[1]);
  if (!library.error.empty()) {
    std::fprintf(stderr, "%s\n", library.error.c_str());
    return 2;
  }
  const bool balanced = check_balanced(library), dense = check_dense(library);
  return balanced && dense ? 0 : 1;
}
