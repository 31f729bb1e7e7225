#include "crew.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kernels {
namespace {
/* How long an idle thread looks for work before it sleeps: the next operation of a step comes within some microseconds,
 * and to wake it takes as long as a small operation. */
constexpr auto patience = std::chrono::microseconds(60);

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int size_wanted() {
  cpu_set_t allowed;
  const int cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  const char* told = std::getenv("TF_NUM_INTEROP_THREADS");
  const int threads = told == nullptr ? cores : std::atoi(told);
  return std::max(1, std::min(threads < 1 ? cores : threads, cores));
}

class Crew {
 public:
  Crew() : size_(size_wanted()), shares_(new Share[size_]) {
    for (int k = 1; k < size_; k++) std::thread(&Crew::live, this, k).detach();
  }
  int size() const { return size_; }
  Items share_of(int thread, int64_t items) const { return {items * thread / size_, items * (thread + 1) / size_}; }

  void share(int64_t items, void (*work)(void*, int64_t), void* context) {
    std::unique_lock<std::mutex> mine(busy_, std::try_to_lock);
    if (!mine.owns_lock()) {
      for (int64_t item = 0; item < items; item++) work(context, item);
      return;
    }
    work_ = work, context_ = context;
    for (int k = 0; k < size_; k++) {
      const Items own = share_of(k, items);
      shares_[k].end = own.end;
      shares_[k].next.store(own.begin);
    }
    open_.store(true);
    round_.fetch_add(1);
    if (sleepers_.load() > 0) {
      std::lock_guard<std::mutex> lock(sleep_);
      wake_.notify_all();
    }
    take(0);
    open_.store(false);
    while (inside_.load() != 0) pause();  // whoever came in while it was open works on this job
  }

 private:
  /* A thread's own share, then what others have left of theirs. */
  void take(int own) {
    for (int k = 0; k < size_; k++) {
      Share& share = shares_[(own + k) % size_];
      for (int64_t item = share.next.fetch_add(1); item < share.end; item = share.next.fetch_add(1)) work_(context_, item);
    }
  }

  void live(int own) {
    const FlushTiny flush;
    for (uint32_t seen = 0;;) {
      seen = wait_past(seen);
      inside_.fetch_add(1);
      if (open_.load()) take(own);
      inside_.fetch_sub(1);
    }
  }

  uint32_t wait_past(uint32_t seen) {
    const auto until = std::chrono::steady_clock::now() + patience;
    do {
      for (int k = 0; k < 64; k++) {
        const uint32_t round = round_.load();
        if (round != seen) return round;
        pause();
      }
    } while (std::chrono::steady_clock::now() < until);
    std::unique_lock<std::mutex> lock(sleep_);
    sleepers_.fetch_add(1);
    wake_.wait(lock, [&] { return round_.load() != seen; });
    sleepers_.fetch_sub(1);
    return round_.load();
  }

  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  const int size_;
  Share* const shares_;
  std::mutex busy_, sleep_;
  std::condition_variable wake_;
  std::atomic<int> sleepers_{0};
  void (*work_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<uint32_t> round_{0};
  std::atomic<bool> open_{false};
  alignas(64) std::atomic<int> inside_{0};
};

/* Its threads live as long as the process. */
Crew& crew() {
  static Crew* const one = new Crew;
  return *one;
}

thread_local bool is_alone = false;
}  // namespace

Alone::Alone() : before_(is_alone) { is_alone = true; }
Alone::~Alone() { is_alone = before_; }

int crew_size() { return is_alone ? 1 : crew().size(); }

Items share_with(int64_t item, int64_t items) {
  for (int k = 0; k < crew().size(); k++)
    if (const Items own = crew().share_of(k, items); item >= own.begin && item < own.end) return own;
  return {0, items};
}

void share_items(int64_t items, void (*work)(void*, int64_t), void* context) { crew().share(items, work, context); }

#if defined(__x86_64__)
FlushTiny::FlushTiny() : before_(_mm_getcsr()) { _mm_setcsr(static_cast<uint32_t>(before_) | 0x8040); }
FlushTiny::~FlushTiny() { _mm_setcsr(static_cast<uint32_t>(before_)); }
#elif defined(__aarch64__)
FlushTiny::FlushTiny() {
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  asm volatile("msr fpcr, %0" ::"r"(before_ | (1ull << 24)));
}
FlushTiny::~FlushTiny() { asm volatile("msr fpcr, %0" ::"r"(before_)); }
#else
FlushTiny::FlushTiny() : before_(0) {}
FlushTiny::~FlushTiny() {}
#endif
}  // namespace kernels
