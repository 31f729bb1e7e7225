import { uniformBatch } from '../batch.ts'
import { Blocks, STREAMS } from '../philox.ts'
import type { LatentBatch, LatentSampler } from '../sampler.ts'
import { writeBlockNormals } from '../short-normal.ts'
import type { Calibration } from './calibration.ts'
import type { Generator } from './generator.ts'
import { numbersFrom } from './latent-law.ts'

/** Rows rendered at once: their intermediate states stay in the processor's cache. */
const CHUNK = 512
/** Above every batch size, so that no two samples of a stream share a number; steps stay below 2^33. */
const ROWS_A_STEP = 2 ** 20

/** What views are made with: x = scale · (g(z) − mean) + √noise · n, n ~ N(0, I) of each view's own. */
export interface Source {
  readonly generator: Generator
  readonly calibration: Calibration
  readonly noise: number
}

/** Draws numbered samples. */
export type DrawSamples = (numbers: Float64Array) => LatentBatch

/** The samples of a stream: number k is a function of (source, seed, stream, k) alone. */
export function openSamples(source: Source, seed: number, stream: number): DrawSamples {
  const { generator, calibration, noise } = source
  const fill = generator.law.open(seed, stream)
  const [m, d] = [generator.names.length, calibration.mean.length]
  const disturb = noise > 0 ? noiseOf(noise, d, seed, stream) : () => {}
  const view = (latents: Float64Array, numbers: Float64Array, first: number, out: Float64Array) => {
    for (let r = 0; r < numbers.length; r += CHUNK) {
      const end = Math.min(numbers.length, r + CHUNK)
      const seen = generator.render(latents.subarray(r * m, end * m), end - r)
      standardise(seen, calibration)
      disturb(seen, numbers.subarray(r, end), first)
      out.set(seen, r * d)
    }
    return out
  }
  return (numbers) => {
    const rows = numbers.length
    const latents = new Float64Array(rows * m)
    const targetLatents = new Float64Array(rows * m)
    fill(numbers, latents, targetLatents)
    return {
      x: view(latents, numbers, X_NOISE, new Float64Array(rows * d)),
      y: view(targetLatents, numbers, Y_NOISE, new Float64Array(rows * d)),
      latents,
      targetLatents,
    }
  }
}

function standardise(seen: Float64Array, { mean, scale }: Calibration): void {
  for (let at = 0; at < seen.length; ) {
    for (let j = 0; j < mean.length; j++, at++) seen[at] = scale * (seen[at]! - mean[j]!)
  }
}

/** The first blocks of a sample are its latents'; its noise begins here, four normals a block. */
const X_NOISE = 2 ** 16
const Y_NOISE = 2 ** 17

function noiseOf(variance: number, d: number, seed: number, stream: number) {
  const blocks = new Blocks({ seed, stream, step: 0 }, 0)
  const normals = new Float64Array(4 * Math.ceil(d / 4))
  const spread = Math.sqrt(variance)
  return (out: Float64Array, numbers: Float64Array, first: number): void => {
    for (let r = 0; r < numbers.length; r++) {
      blocks.moveTo(numbers[r]!)
      for (let at = 0; at < d; at += 4) {
        blocks.draw(first + at / 4)
        writeBlockNormals(blocks.words, normals, at)
      }
      for (let j = 0; j < d; j++) out[r * d + j] = out[r * d + j]! + spread * normals[j]!
    }
  }
}

/**
 * Minibatches of a stream that never ends: row r of minibatch t is sample t · 2^20 + r of the run's own seed.
 *
 * @param seed the run's
 */
export function streamed(source: Source, seed: number): LatentSampler {
  const samples = openSamples(source, seed, STREAMS.pair)
  return { draw: (step, rows) => samples(numbersFrom(step * ROWS_A_STEP, rows)) }
}

/**
 * Minibatches of a stored set: samples 0 … count − 1 of the data's seed, chosen uniformly with replacement by the run's.
 * Nothing is stored: a sample is drawn when it is chosen.
 */
export function stored(
  source: Source,
  { count, dataSeed, seed }: { count: number; dataSeed: number; seed: number },
): LatentSampler {
  const samples = openSamples(source, dataSeed, STREAMS.pair)
  return {
    draw(step, rows) {
      const numbers = uniformBatch({ seed, step, rows }, STREAMS.choice, 1)
      for (let r = 0; r < rows; r++) numbers[r] = Math.floor(numbers[r]! * count)
      return samples(numbers)
    },
  }
}
