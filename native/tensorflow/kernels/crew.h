#ifndef JEPALAB_KERNELS_CREW_H
#define JEPALAB_KERNELS_CREW_H
/*
 * Sharing one operation's work between threads. Items are independent and any thread may take any, so that results
 * do not depend on who did what. The crew is one thread less than TensorFlow may run operations at once
 * (TF_NUM_INTEROP_THREADS) or cores are allowed, for the caller takes part; an operation that finds it busy computes alone.
 */
#include <cstdint>
#include <type_traits>

namespace kernels {
/* Work worth a second thread: below this many cycles of one core the hand-over costs more than it saves. */
constexpr double shared_from = 12000;

void share_items(int64_t items, void (*work)(void* context, int64_t item), void* context);

/* While one lives, its thread shares nothing of what it does: it works on a part of what was shared already. */
class Alone {
 public:
  Alone();
  ~Alone();
  Alone(const Alone&) = delete;

 private:
  bool before_;
};

/* Threads that may work on one operation, at least 1. */
int crew_size();

/* Items from `begin` to below `end`. */
struct Items {
  int64_t begin, end;
};

/* Those that the thread begins with which begins with this one, of so many that are shared. */
Items share_with(int64_t item, int64_t items);

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

/*
 * Into how many pieces each of `parts` parts is cut, at least `least`: such that the threads come out even. Thread t begins
 * with the t-th share of the items, so that what it leaves in its cache is there for it in the next operation.
 */
inline int64_t pieces_for(int64_t parts, int64_t least) {
  const int64_t threads = crew_size();
  int64_t pieces = least < 1 ? 1 : least;
  while (parts > 0 && parts * pieces < 4 * threads && parts * pieces % threads != 0) pieces++;
  return pieces;
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
