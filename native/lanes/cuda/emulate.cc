#include "cuda/emulate.h"

#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace lanes::card {
namespace {

constexpr size_t kStack = 256 * 1024;

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  int waits = 0;
  bool ended = false;
};

struct Block {
  ucontext_t scheduler;
  std::vector<Fiber> fibers;
  const std::function<void(int)>* body;
  int current = 0;
};

thread_local Block* block = nullptr;

void enter() {
  Block& here = *block;
  const int thread = here.current;
  (*here.body)(thread);
  here.fibers[thread].ended = true;
  swapcontext(&here.fibers[thread].context, &here.scheduler);
}

void resume(Block& here, int thread) {
  if (here.fibers[thread].ended) return;
  here.current = thread;
  swapcontext(&here.scheduler, &here.fibers[thread].context);
}

/* After a round all threads of a team have waited as often, or all have ended. */
void demand_lockstep(const Block& here, int team) {
  for (size_t t = 0; t < here.fibers.size(); t++) {
    const Fiber &first = here.fibers[t - t % team], &other = here.fibers[t];
    if (first.waits == other.waits && first.ended == other.ended) continue;
    std::fprintf(stderr, "thread %zu of a block passed %d barriers, the first of its team %d\n", t,
                 other.waits, first.waits);
    std::abort();
  }
}

}  // namespace

void run_block(int threads, int team, const std::function<void(int)>& body) {
  Block here;
  here.fibers = std::vector<Fiber>(threads);
  here.body = &body;
  block = &here;
  for (Fiber& fiber : here.fibers) {
    fiber.stack = std::make_unique<char[]>(kStack);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = &here.scheduler;
    makecontext(&fiber.context, enter, 0);
  }
  bool going = true;
  for (int round = 0; going; round++) {
    for (int t = 0; t < threads; t++) resume(here, round % 2 == 0 ? t : threads - 1 - t);
    demand_lockstep(here, team);
    going = false;
    for (const Fiber& fiber : here.fibers) going = going || !fiber.ended;
  }
  block = nullptr;
}

void wait_for_others() {
  Block& here = *block;
  Fiber& mine = here.fibers[here.current];
  mine.waits++;
  swapcontext(&mine.context, &here.scheduler);
}

}  // namespace lanes::card
