import type { Problem } from '../../src/data/problem.ts'
import type { Matrix } from '../../src/experiment/matrix.ts'

/** Samples that no training meets, and what is known of them. */
export interface HeldOut {
  /** Probes are fitted on these. */
  readonly train: HeldOutSamples
  /** Probes are judged on these, and the loss is that of these. */
  readonly test: HeldOutSamples
  /** Column i is feature q_i; where a probe needs them alone, since they take a decomposition. */
  readonly directions?: Matrix
}

export interface HeldOutSamples {
  readonly rows: number
  readonly x: Float32Array // [rows][d]
  readonly y: Float32Array // [rows][d]
  readonly latents?: Float64Array // [rows][latents]
}

const TRAIN = 2048
const TEST = 1024
/** Of the sampler of data without held-out samples of their own: no run has it, for seeds of specs are safe integers less one. */
const SEED = Number.MAX_SAFE_INTEGER

/** The held-out samples of a problem: the same for all runs on its data. */
export function heldOutSamples(problem: Problem, probes: readonly string[]): HeldOut {
  const directions = probes.includes('alignment') ? { directions: problem.spectrum.directions } : {}
  return { train: drawSamples(problem, 0, TRAIN), test: drawSamples(problem, TRAIN, TEST), ...directions }
}

function drawSamples(problem: Problem, first: number, rows: number): HeldOutSamples {
  const { latents: known } = problem
  if (known === undefined) {
    const { x, y } = problem.sampler(SEED).draw(first, rows)
    return { rows, x: Float32Array.from(x), y: Float32Array.from(y) }
  }
  const { x, y, latents } = known.heldOut(first, rows)
  return { rows, x: Float32Array.from(x), y: Float32Array.from(y), latents }
}
