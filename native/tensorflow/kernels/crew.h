#ifndef JEPALAB_KERNELS_CREW_H
#define JEPALAB_KERNELS_CREW_H
/*
 * Sharing one operation's work between threads. Items are independent and any thread may take any, so that the results
 * do not know how many there were. The crew is one thread less than TensorFlow may run operations at once
 * (TF_NUM_INTEROP_THREADS) or cores are allowed, for the caller takes part; an operation that finds it busy computes alone.
 */
#include <cstdint>
#include <type_traits>

namespace kernels {
/* Work worth a second thread: below this many cycles of one core the hand-over costs more than it saves. */
constexpr double shared_from = 12000;

void share_items(int64_t items, void (*work)(void* context, int64_t item), void* context);

/* Threads that may work on one operation, at least 1. */
int crew_size();

/* work(item) for every item below `items`, on this thread and the crew's. @param cycles of all items together, roughly */
template <class Work>
void share(int64_t items, double cycles, const Work& work) {
  if (items > 1 && cycles >= shared_from && crew_size() > 1) {
    const auto call = [](void* context, int64_t item) { (*static_cast<const Work*>(context))(item); };
    share_items(items, call, const_cast<void*>(static_cast<const void*>(&work)));
    return;
  }
  for (int64_t item = 0; item < items; item++) work(item);
}

/* How many pieces to cut n things into, each a multiple of `unit`, so that there are about `wanted` of them. */
inline int64_t piece_of(int64_t n, int64_t unit, int64_t wanted) {
  const int64_t units = (n + unit - 1) / unit;
  const int64_t each = wanted < 1 ? units : (units + wanted - 1) / wanted;
  return (each < 1 ? 1 : each) * unit;
}

/*
 * Numbers under 1.2e-38 are 0 while this lives, as in TensorFlow's own operations; on every thread, so that
 * results do not depend on which one it is.
 */
class FlushTiny {
 public:
  FlushTiny();
  ~FlushTiny();
  FlushTiny(const FlushTiny&) = delete;

 private:
  uint64_t before_;
};
}  // namespace kernels
#endif
