#ifndef JEPALAB_LANES_CUDA_MEMORY_H
#define JEPALAB_LANES_CUDA_MEMORY_H
#include <stdexcept>
#include <vector>

#include "cuda/device.h"

namespace lanes::card {

/* Thrown within this library alone; lanes_run turns them into codes. */
struct CardFull : std::runtime_error {
  CardFull() : std::runtime_error("card full") {}
};
struct CardFailed : std::runtime_error {
  CardFailed() : std::runtime_error("card failed") {}
};

/* An array on the card and, where it is wanted, its copy here. */
template <class T>
class Mirror {
 public:
  std::vector<T> host;

  Mirror() = default;
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;
  ~Mirror() { release(card_); }

  /* Room on the card for `count`; nothing where it is 0. */
  void reserve(std::size_t count) {
    if (count == 0) return;
    card_ = static_cast<T*>(allocate(count * sizeof(T)));
    if (card_ == nullptr) throw CardFull();
  }
  /* Room for what `host` holds, and its copy there. */
  void place() {
    reserve(host.size());
    push();
  }
  void push() {
    if (!host.empty() && !copy_in(card_, host.data(), host.size() * sizeof(T))) throw CardFailed();
  }
  void pull() {
    if (!host.empty() && !copy_out(host.data(), card_, host.size() * sizeof(T))) throw CardFailed();
  }
  T* card() const { return card_; }

 private:
  T* card_ = nullptr;
};

}  // namespace lanes::card
#endif
