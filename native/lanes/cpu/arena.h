#ifndef JEPALAB_LANES_ARENA_H
#define JEPALAB_LANES_ARENA_H
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lanes {
/* Memory cut into matrices; zero at first. Throws std::bad_alloc. */
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
#if defined(__linux__)
    if (mapped_ != 0) {
      munmap(memory_, mapped_);
      return;
    }
#endif
    std::free(memory_);
  }

  /* Call twice with the same cuts: first to count, then, after `allocate`, to place. */
  template <class T>
  T* cut(std::size_t count) {
    // Beyond the size, an odd number of cache lines, so that matrices of 4096 bytes do not lie on each other's sets.
    const std::size_t bytes = (count * sizeof(T) + 127) / 128 * 128 + 64;
    T* at = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(start_ + used_);
    used_ += bytes;
    return at;
  }

  void allocate() {
    const std::size_t bytes = (used_ + 63) / 64 * 64;
    used_ = 0;
    if (bytes >= 2 * huge && map(bytes)) return;
    memory_ = std::aligned_alloc(64, bytes);
    if (memory_ == nullptr) throw std::bad_alloc();
    std::memset(memory_, 0, bytes);
    start_ = static_cast<char*>(memory_);
  }

 private:
  static constexpr std::size_t huge = std::size_t{1} << 21;

  /* Large memory in huge pages where the system has them, zeroed by it as each is first touched: by who works there. */
  bool map(std::size_t bytes) {
#if defined(__linux__)
    void* const at = mmap(nullptr, bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    memory_ = at;
    mapped_ = bytes + huge;
    start_ = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(at) + huge - 1) / huge * huge);
    madvise(start_, bytes, MADV_HUGEPAGE);  // where it is refused, pages are small
    return true;
#else
    (void)bytes;
    return false;
#endif
  }

  void* memory_ = nullptr;
  char* start_ = nullptr;
  std::size_t used_ = 0, mapped_ = 0;
};
}  // namespace lanes
#endif
