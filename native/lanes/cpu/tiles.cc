#include "cpu/digits.h"

#if defined(LANES_ISA_AVX512) && defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANES_AMX __attribute__((target("amx-tile,amx-int8")))

namespace lanes {
namespace digits {
namespace {
alignas(64) const int8_t nothing[tile] = {};

/*
 * Eight products of digits a block, each level in an accumulator of its own. They begin from tiles that are loaded: one that
 * is zeroed waits until all before it has ended.
 */
LANES_AMX void multiply_tiles(const int8_t* left, const int8_t* right, int blocks, int32_t* sums) {
  _tile_loadd(0, nothing, links);
  _tile_loadd(1, nothing, links);
  _tile_loadd(2, nothing, links);
  _tile_loadd(3, nothing, links);
  for (; blocks > 0; blocks--, left += parts * tile, right += parts * tile) {
    _tile_loadd(4, left, links);
    _tile_loadd(7, right, links);
    _tile_dpbssd(0, 4, 7);
    _tile_loadd(5, left + tile, links);
    _tile_dpbssd(1, 5, 7);
    _tile_loadd(6, left + 2 * tile, links);
    _tile_dpbssd(2, 6, 7);
    _tile_loadd(7, right + tile, links);
    _tile_dpbssd(3, 6, 7);
    _tile_dpbssd(2, 5, 7);
    _tile_dpbssd(1, 4, 7);
    _tile_loadd(7, right + 2 * tile, links);
    _tile_dpbssd(3, 5, 7);
    _tile_dpbssd(2, 4, 7);
  }
  _tile_stored(0, sums, links);
  _tile_stored(1, sums + side * side, links);
  _tile_stored(3, sums + 3 * side * side, links);
  _tile_stored(2, sums + 2 * side * side, links);
}

/* Eight tiles of 16 rows of 64 bytes. */
LANES_AMX void configure() {
  struct alignas(64) {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};
  } shape;
  for (int i = 0; i < 8; i++) shape.bytes[i] = links, shape.rows[i] = side;
  asm volatile("" ::: "memory");  // g++ takes it that the instruction reads no more than a pointer
  _tile_loadconfig(&shape);
}

LANES_AMX void release() { _tile_release(); }
}  // namespace

bool has_unit() {
  static const bool has = [] {  // asked once
    unsigned a, b, c, d;
    constexpr unsigned tiles = 1u << 24, bytes = 1u << 25;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & tiles) == 0 || (d & bytes) == 0) return false;
    constexpr int ask = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
    return syscall(SYS_arch_prctl, ask, tile_data) == 0;
  }();
  return has;
}

Sum fastest_sum() { return has_unit() ? multiply_tiles : emulate; }
Unit::Unit() {
  if (has_unit()) configure();
}
Unit::~Unit() {
  if (has_unit()) release();
}
}  // namespace digits
}  // namespace lanes
#else
namespace lanes {
namespace digits {
bool has_unit() { return false; }
Sum fastest_sum() { return emulate; }
Unit::Unit() {}
Unit::~Unit() {}
}  // namespace digits
}  // namespace lanes
#endif
