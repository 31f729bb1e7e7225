import { uniformBatch } from '../batch.ts'
import { STREAMS } from '../philox.ts'
import type { LatentBatch, LatentSampler } from '../sampler.ts'
import type { Calibration } from './calibration.ts'
import type { Generator } from './generator.ts'

/** Rows rendered at once: their intermediate states stay in the processor's cache. */
const CHUNK = 512
/** Above every batch size, so that no two samples of a stream share a number; steps stay below 2^33. */
const ROWS_A_STEP = 2 ** 20

/** Draws numbered samples: x = scale · (g(z) − mean). */
export type DrawSamples = (numbers: ArrayLike<number>) => LatentBatch

/** The samples of a stream: number k is a function of (generator, seed, stream, k) alone. */
export function openSamples(
  generator: Generator,
  { mean, scale }: Calibration,
  seed: number,
  stream: number,
): DrawSamples {
  const fill = generator.law.open(seed, stream)
  const [m, d] = [generator.names.length, mean.length]
  const standardised = (latents: Float64Array, rows: number) => {
    const out = generator.render(latents, rows)
    for (let r = 0, at = 0; r < rows; r++) {
      for (let j = 0; j < d; j++, at++) out[at] = scale * (out[at]! - mean[j]!)
    }
    return out
  }
  return (numbers) => {
    const rows = numbers.length
    const latents = new Float64Array(rows * m)
    const targetLatents = new Float64Array(rows * m)
    fill(numbers, latents, targetLatents)
    if (rows <= CHUNK) {
      return { x: standardised(latents, rows), y: standardised(targetLatents, rows), latents, targetLatents }
    }
    const [x, y] = [new Float64Array(rows * d), new Float64Array(rows * d)]
    for (let r = 0; r < rows; r += CHUNK) {
      const end = Math.min(rows, r + CHUNK)
      x.set(standardised(latents.subarray(r * m, end * m), end - r), r * d)
      y.set(standardised(targetLatents.subarray(r * m, end * m), end - r), r * d)
    }
    return { x, y, latents, targetLatents }
  }
}

/**
 * Minibatches of a stream that never ends: row r of minibatch t is sample t · 2^20 + r of the run's own seed.
 *
 * @param seed the run's
 */
export function streamed(generator: Generator, calibration: Calibration, seed: number): LatentSampler {
  const samples = openSamples(generator, calibration, seed, STREAMS.pair)
  return { draw: (step, rows) => samples(numbersFrom(step * ROWS_A_STEP, rows)) }
}

/**
 * Minibatches of a stored set: samples 0 … count − 1 of the data's seed, chosen uniformly with replacement by the run's.
 * Nothing is stored: a sample is drawn when it is chosen.
 */
export function stored(
  generator: Generator,
  calibration: Calibration,
  { count, dataSeed, seed }: { count: number; dataSeed: number; seed: number },
): LatentSampler {
  const samples = openSamples(generator, calibration, dataSeed, STREAMS.pair)
  return {
    draw(step, rows) {
      const numbers = uniformBatch({ seed, step, rows }, STREAMS.choice, 1)
      for (let r = 0; r < rows; r++) numbers[r] = Math.floor(numbers[r]! * count)
      return samples(numbers)
    },
  }
}

/** first, first + 1, … */
export function numbersFrom(first: number, count: number): Float64Array {
  const numbers = new Float64Array(count)
  for (let r = 0; r < count; r++) numbers[r] = first + r
  return numbers
}
