#ifndef JEPALAB_LANES_TEAM_H
#define JEPALAB_LANES_TEAM_H
#include <atomic>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#endif

namespace lanes {
/*
 * Waits until all members have come. It spins, for the stages of a step take microseconds; where a core was taken away it
 * sleeps, so that who is late may have this one, and is back as soon as the last has come.
 */
class Barrier {
 public:
  explicit Barrier(int members) : members_(members) {}

  void wait() {
    if (members_ == 1) return;
    const int turn = turn_.load(std::memory_order_relaxed);
    if (come_.fetch_add(1, std::memory_order_acq_rel) == members_ - 1) {
      come_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1);
      if (sleepers_.load() > 0) wake();
      return;
    }
    // No pause instruction: under a hypervisor it may give the core away for longer than the wait lasts.
    for (int spins = 0; turn_.load(std::memory_order_acquire) == turn;)
      if (++spins >= 50000) sleep(turn);
  }

 private:
#if defined(__linux__)
  void sleep(int turn) {
    sleepers_.fetch_add(1);
    syscall(SYS_futex, &turn_, FUTEX_WAIT_PRIVATE, turn, nullptr, nullptr, 0);  // not where the turn is over by then
    sleepers_.fetch_sub(1);
  }
  void wake() { syscall(SYS_futex, &turn_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0); }
  static_assert(sizeof(std::atomic<int>) == sizeof(int), "the system waits on an int");
#else
  void sleep(int) { std::this_thread::yield(); }
  void wake() {}
#endif

  const int members_;
  alignas(64) std::atomic<int> come_{0};
  alignas(64) std::atomic<int> turn_{0};
  alignas(64) std::atomic<int> sleepers_{0};
};

/* Threads that work through one run together: `run(f)` calls f(member) on each and returns when all are done. */
class Team {
 public:
  explicit Team(int members) : barrier_(members), members_(members) {
    for (int member = 1; member < members; member++) threads_.emplace_back([this, member] { serve(member); });
  }

  ~Team() {
    job_ = nullptr;
    barrier_.wait();
    for (auto& thread : threads_) thread.join();
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  template <class F>
  void run(F& work) {
    context_ = &work;
    job_ = [](void* context, int member) { (*static_cast<F*>(context))(member); };
    barrier_.wait();
    work(0);
    barrier_.wait();
  }

  Barrier& barrier() { return barrier_; }
  int members() const { return members_; }

 private:
  void serve(int member) {
    for (;;) {
      barrier_.wait();
      if (job_ == nullptr) return;
      job_(context_, member);
      barrier_.wait();
    }
  }

  Barrier barrier_;
  const int members_;
  void* context_ = nullptr;
  void (*job_)(void*, int) = nullptr;
  std::vector<std::thread> threads_;
};

/* What one member does of a run's rows; alone, it is all of them. */
struct Share {
  Barrier* barrier = nullptr;
  int member = 0, members = 1;
  int begin(int rows) const { return static_cast<int>(static_cast<long>(rows) * member / members); }
  int end(int rows) const { return static_cast<int>(static_cast<long>(rows) * (member + 1) / members); }
  void sync() const {
    if (members > 1) barrier->wait();
  }
};
}  // namespace lanes
#endif
