#ifndef JEPALAB_LANES_TEAM_H
#define JEPALAB_LANES_TEAM_H
#include <atomic>
#include <thread>
#include <vector>

namespace lanes {
/* Waits until all members have come; spins, for the stages of a step take microseconds. */
class Barrier {
 public:
  explicit Barrier(int members) : members_(members) {}

  void wait() {
    if (members_ == 1) return;
    const int turn = turn_.load(std::memory_order_relaxed);
    if (come_.fetch_add(1, std::memory_order_acq_rel) == members_ - 1) {
      come_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    // No pause instruction: under a hypervisor it may give the core away for longer than the wait lasts.
    for (int spins = 0; turn_.load(std::memory_order_acquire) == turn;) {
      // A core that was taken away comes back after milliseconds; who gives its own away before that waits for the next one.
      if (++spins < 4000000) continue;
      std::this_thread::yield();
    }
  }

 private:
  const int members_;
  alignas(64) std::atomic<int> come_{0};
  alignas(64) std::atomic<int> turn_{0};
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
