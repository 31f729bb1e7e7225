#include "compare.h"

/*
 * Sgd on moments in law has no scalar model here (random/check has its laws): two libraries are compared with
 * each other, all bits of all runs.
 */
void check_moments(const Library& library, const Library& other, Verdict& v) {
  Dice dice{8};
  const int features[] = {2, 3, 4, 5, 8, 9, 16, 17, 32, 33};
  for (int i = 0; i < 40; i++) {
    Shape s;
    s.seed = 9000 + i, s.mode = LANES_MOMENTS;
    s.features = features[dice.whole(0, i % 4 == 0 ? 9 : 6)];
    s.width = s.features + (dice.whole(0, 3) == 0 ? 3 : 0);
    s.objective = dice.whole(0, 1), s.form = dice.whole(0, 1), s.precision = dice.whole(0, 2);
    s.layout = dice.whole(0, 2), s.depth = dice.whole(1, 4), s.runs = dice.whole(1, 9),
    s.steps = dice.whole(2, 12);
    s.rows = s.features + dice.whole(0, 1) * dice.whole(0, 100); /* chi of one degree is a case of its own */
    s.momentum = dice.whole(0, 2) == 0;
    const Case start = make_case(s);
    Case found = start, expected = start;
    const lanes_batch a = found.view(s.steps), b = expected.view(s.steps);
    const int32_t code = library.run(&a), expected_code = other.run(&b);
    v.cases++;
    const bool both =
        v.demand(code == LANES_OK && expected_code == LANES_OK, s.name(), "codes %d (%s) and %d (%s)", code,
                 library.last_error(), expected_code, other.last_error());
    if (both) compare(found, expected, s.name() + " against " + other.name(), v);
  }
}
