import { STREAMS } from '../philox.ts'
import type { Generator } from './generator.ts'
import { numbersFrom } from './latent-law.ts'

/** What makes the entries of x zero in the mean and of the wanted variance: x = scale · (g(z) − mean). */
export interface Calibration {
  readonly mean: Float64Array // [d]
  readonly scale: number
}

/** Pairs of views that mean and scale are estimated from: the means are right to 1/√16384 = .8 % of a standard deviation. */
const PAIRS = 8192
const CHUNK = 512

/** Mean and scale of a generator, by Monte Carlo of fixed draws: a function of the generator and the seed. */
export function calibrate(generator: Generator, seed: number): Calibration {
  const m = generator.names.length
  const d = generator.shape.reduce((product, n) => product * n, 1)
  const fill = generator.law.open(seed, STREAMS.calibration)
  const [first, second] = [new Float64Array(d), new Float64Array(d)]
  for (let k = 0; k < PAIRS; k += CHUNK) {
    const [z, target] = [new Float64Array(CHUNK * m), new Float64Array(CHUNK * m)]
    fill(numbersFrom(k, CHUNK), z, target)
    for (const latents of [z, target]) {
      const seen = generator.render(latents, CHUNK)
      for (let r = 0, at = 0; r < CHUNK; r++) {
        for (let j = 0; j < d; j++, at++) {
          first[j] = first[j]! + seen[at]!
          second[j] = second[j]! + seen[at]! * seen[at]!
        }
      }
    }
  }
  const mean = first.map((sum) => sum / (2 * PAIRS))
  const variance = second.reduce((sum, x, j) => sum + x / (2 * PAIRS) - mean[j]! ** 2, 0)
  return { mean, scale: Math.sqrt(generator.totalVariance / variance) }
}
