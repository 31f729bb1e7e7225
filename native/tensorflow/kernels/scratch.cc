/* Where a program's values between instructions lie: few places that are used again are more often in a near cache. */
#include <algorithm>
#include <iterator>

#include "program.h"

namespace kernels {
namespace {
class Places {
 public:
  /* Of so many floats, whole lines: the one as long that was left last, or a new one. */
  int64_t take(int64_t size) {
    const auto fit = std::find_if(free_.rbegin(), free_.rend(), [&](const Place& place) { return place.size == size; });
    if (fit == free_.rend()) return end_ += size, end_ - size;
    const int64_t offset = fit->offset;
    free_.erase(std::next(fit).base());
    return offset;
  }
  void leave(int64_t offset, int64_t size) { free_.push_back({offset, size}); }
  int64_t end() const { return end_; }

 private:
  struct Place {
    int64_t offset, size;
  };
  std::vector<Place> free_;
  int64_t end_ = 0;
};

/* Of each value the last instruction that reads it, or else the one that makes it. */
std::vector<size_t> last_uses(const Program& program) {
  std::vector<size_t> last(program.values.size(), 0);
  for (size_t k = 0; k < program.instructions.size(); k++)
    for (const auto* values : {&program.instructions[k].operands, &program.instructions[k].results})
      for (const int value : *values)
        if (value != none) last[value] = k;
  return last;
}
}  // namespace

void place_scratch(Program& program) {
  const std::vector<size_t> last = last_uses(program);
  std::vector<std::vector<int>> ends(program.instructions.size());  // of each instruction the values that end with it
  for (size_t v = 0; v < last.size(); v++)
    if (program.values[v].place == Value::Place::scratch) ends[last[v]].push_back(static_cast<int>(v));
  const auto floats = [](const Value& value) { return (value.size + 15) / 16 * 16; };
  Places places;
  for (size_t k = 0; k < program.instructions.size(); k++) {
    for (const int v : program.instructions[k].results) {
      if (v == none || program.values[v].place != Value::Place::scratch) continue;
      Value& value = program.values[v];
      value.offset = places.take(floats(value));
    }
    for (const int v : ends[k]) places.leave(program.values[v].offset, floats(program.values[v]));
  }
  program.scratch = places.end();
}
}  // namespace kernels
