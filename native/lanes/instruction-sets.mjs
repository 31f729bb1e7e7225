/**
 * One library is built for each instruction set and the addon opens the one that the CPU runs. They are libraries
 * of their own, never objects of one: the linker keeps one copy of an inline function, and where that were the
 * AVX-512 one, a CPU without it would fail in code that was compiled for it.
 */
const X64 = [
  { name: 'portable', flags: ['-march=x86-64', '-DLANES_ISA_PORTABLE'] },
  { name: 'avx2', flags: ['-mavx2', '-mfma', '-DLANES_ISA_AVX2'] },
  {
    name: 'avx512',
    flags: [
      ...['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx2', '-mfma'],
      ...['-mprefer-vector-width=512', '-DLANES_ISA_AVX512'],
      '-Wno-maybe-uninitialized', // g++ 12 says it of its own intrinsics
    ],
  },
]

/** The fused multiply-add is part of the baseline here. */
const ARM64 = [{ name: 'portable', flags: ['-march=armv8-a', '-DLANES_ISA_PORTABLE'] }]

/** The builds for a processor, slowest first: { name, flags }. */
export function instructionSets(arch = process.arch) {
  return { x64: X64, arm64: ARM64 }[arch] ?? [{ name: 'portable', flags: ['-DLANES_ISA_PORTABLE'] }]
}

const LANGUAGE = ['-std=c++17', '-fPIC', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra']

/**
 * No contraction and no fast-math: a multiplication and an addition become one rounding where the source says so
 * and nowhere else. Without errno a square root is one instruction.
 */
export const KERNEL_FLAGS = [...LANGUAGE, '-O2', '-ffp-contract=off', '-fno-math-errno']

/** Version 8 of Node-API is in every Node from 16 on. */
export const ADDON_FLAGS = [...LANGUAGE, '-O2', '-DNAPI_VERSION=8']

/** In place of -O3: the first fault ends the program. */
export const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-O1', '-g']

/** A function that no source has is told when a library is made, not when it is loaded. */
export const LINK_FLAGS = ['-shared', '-Wl,-z,defs']
