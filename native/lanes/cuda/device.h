#ifndef JEPALAB_LANES_CUDA_DEVICE_H
#define JEPALAB_LANES_CUDA_DEVICE_H
#include <cstddef>
#include <cstdint>

#include "cuda/plan.h"

/*
 * What the host asks of a card: card.cu has it with the CUDA runtime, emulated.cc on the host. Functions that
 * return bool have failed where it is false; `trouble` then says why.
 */
namespace lanes::card {

/* A word for each of the two: "cuda" or "cuda-emulated". */
const char* device_name();
/* Looks for a card and its driver. */
bool open_device();
const char* trouble();
std::size_t shared_limit();
/* How long a launch should be, in FLOP. */
double launch_work();

/* Null where the card has no more memory. */
void* allocate(std::size_t bytes);
void release(void* memory);
bool copy_in(void* to, const void* from, std::size_t bytes);
bool copy_out(void* to, const void* from, std::size_t bytes);

/* Trains all active runs to their next stop, and waits. */
bool launch(const Plan& plan, const Job<float>& job);
bool launch(const Plan& plan, const Job<double>& job);

/* FLOP/s of the card's fused multiply-adds in registers; 0 where it cannot be measured. */
double device_peak(bool is_double);

}  // namespace lanes::card
#endif
