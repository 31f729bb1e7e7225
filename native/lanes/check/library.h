#ifndef JEPALAB_LANES_CHECK_LIBRARY_H
#define JEPALAB_LANES_CHECK_LIBRARY_H
#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "../lanes.h"

/** A build of the kernels, opened at run time. `error` says why it could not be; then nothing else is set. */
struct Library {
  std::string error;
  decltype(&lanes_run) run = nullptr;
  decltype(&lanes_weights) weights = nullptr;
  decltype(&lanes_name) name = nullptr;
  decltype(&lanes_choose) choose = nullptr;
  decltype(&lanes_last_error) last_error = nullptr;
  double (*device_peak)(int32_t precision) =
      nullptr; /* CUDA alone: measured FLOP/s of the card's FMA units */

  explicit Library(const char* path) {
    void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      error = dlerror();
      return;
    }
    find(handle, "lanes_run", run), find(handle, "lanes_weights", weights), find(handle, "lanes_name", name);
    find(handle, "lanes_choose", choose), find(handle, "lanes_last_error", last_error);
    device_peak = reinterpret_cast<double (*)(int32_t)>(dlsym(handle, "lanes_cuda_peak"));
  }

  /** Whether it has precision int8x3, which is not on the card. */
  bool has_whole_numbers() const { return std::strncmp(name(), "cuda", 4) != 0; }

 private:
  template <class F>
  void find(void* handle, const char* symbol, F& to) {
    to = reinterpret_cast<F>(dlsym(handle, symbol));
    if (to == nullptr) error = std::string("The library does not export ") + symbol + ".";
  }
};
#endif
