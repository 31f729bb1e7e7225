#ifndef JEPALAB_LANES_FLOW_PATHS_H
#define JEPALAB_LANES_FLOW_PATHS_H
#include <vector>

#include "flow/gradient.h"

namespace lanes {
/*
 * The paths of a run that falls apart: where each row and column of every matrix has at most one weight that
 * is not zero and these line up from input j through all layers to an output that feels input j alone, the
 * weights on a path move by themselves, and the zeros stay zeros. Aligned balanced starts are such runs.
 *
 * @returns the indices into theta, depth + 1 for each path, path by path; empty where the run is no such run
 */
inline std::vector<std::ptrdiff_t> find_paths(const FlowData &data, const double *theta) {
  const int d = data.features, w = data.width, o = data.outputs;
  if (data.full)
    for (int i = 0; i < d; i++)
      for (int j = 0; j < d; j++)
        if (i != j && data.syx[i * d + j] != 0) return {};
  std::vector<std::ptrdiff_t> paths, found;
  std::ptrdiff_t weights = 0;
  for (std::ptrdiff_t i = 0; i < data.size(); i++) weights += theta[i] != 0;
  std::vector<char> taken(static_cast<std::size_t>(data.depth) * w, 0);
  const auto only = [&](std::ptrdiff_t start, int rows, int cols, int col) {
    int row = -1;
    for (int r = 0; r < rows; r++)
      if (theta[start + static_cast<std::ptrdiff_t>(r) * cols + col] != 0) row = row < 0 ? r : rows;
    return row;
  };
  for (int j = 0; j < d; j++) {
    int at = j;
    found.clear();
    for (int a = 0; a <= data.depth; a++) {
      const int rows = a == data.depth ? o : w, cols = a == 0 ? d : w;
      const int row = only(data.start(a), rows, cols, at);
      if (row < 0 && a == 0) break; /* an input that nothing hears */
      if (row < 0 || row == rows) return {};
      found.push_back(data.start(a) + static_cast<std::ptrdiff_t>(row) * cols + at);
      if (a == data.depth) {
        if (row != (data.objective == LANES_JEPA ? at : j)) return {};
      } else {
        char &seen = taken[static_cast<std::size_t>(a) * w + row];
        if (seen) return {};
        seen = 1;
        at = row;
      }
    }
    paths.insert(paths.end(), found.begin(), found.end());
  }
  /* A weight that is on no path would be alone, and its path might open: not a run of this kind. */
  if (static_cast<std::ptrdiff_t>(paths.size()) != weights) return {};
  return paths;
}
}  // namespace lanes
#endif
