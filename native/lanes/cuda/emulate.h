#ifndef JEPALAB_LANES_CUDA_EMULATE_H
#define JEPALAB_LANES_CUDA_EMULATE_H
#include <functional>

/* Blocks of threads on the host, a fiber each: enough to run the kernels where there is no card. */
namespace lanes::card {

/*
 * Runs body(thread) for every thread of a block. A thread runs until it waits; a round lets each thread run
 * once, now in rising, now in falling order, so that a barrier that is missing shows in the numbers.
 *
 * team: threads that wait for each other. Where one of them ends while another waits on, the program is
 * aborted.
 */
void run_block(int threads, int team, const std::function<void(int thread)>& body);

/* A barrier: called by a thread of run_block alone. */
void wait_for_others();

}  // namespace lanes::card
#endif
