import { type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import { combine, frobenius, identity, multiply, scale, transpose } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import type { MomentEstimate } from '../problem.ts'
import { type DrawSamples, openSamples, type Source } from './batches.ts'
import { numbersFrom } from './latent-law.ts'

/**
 * Second moments of x and y, made of g(z) and g(z'), where no formula has them: by Monte Carlo, from draws that are fixed by the data's seed.
 * The pair is exchangeable, (x, y) ~ (y, x), so Sxx = Syy and Syx is symmetric, and with u = (x + y)/√2, v = (x − y)/√2
 *
 *   Sxx = (E uu' + E vv')/2,   Syx = (E uu' − E vv')/2,
 *
 * which takes two symmetric sums and has both symmetries exactly. The standard error comes from the two halves of the draws.
 */
export interface Population {
  readonly moments: Moments
  readonly estimate: MomentEstimate | null
}

const CHUNK = 512
/** Products and sums, about, that go into moments of more than the least number of pairs: a second or two. */
const WORK = 2.5e9
const MOST_PAIRS = 2 ** 17
const LEAST_PAIRS = 2 ** 14

/** Pairs that the moments of a generator are estimated from. */
function pairsFor({ generator, calibration }: Source): number {
  const each = calibration.mean.length ** 2 + 2 * generator.work
  return Math.max(LEAST_PAIRS, Math.min(MOST_PAIRS, 2 ** Math.floor(Math.log2(WORK / each))))
}

/** The moments of samples that are never repeated; those of the noise, Sxx = Syy = νI, are exact. */
export function streamMoments(source: Source, seed: number): Population {
  const d = source.calibration.mean.length
  const samples = openSamples({ ...source, noise: 0 }, seed, STREAMS.population)
  const pairs = pairsFor(source)
  const half = pairs / 2
  const [early, late] = [0, half].map((first) => sumHalf(samples, first, half, d))
  const Sxx = combine(1, combine(0.5, early!.Sxx, 0.5, late!.Sxx), source.noise, identity(d))
  const Syx = combine(0.5, early!.Syx, 0.5, late!.Syx)
  const error = (a: Matrix, b: Matrix, S: Matrix) => frobenius(combine(0.5, a, -0.5, b)) / frobenius(S)
  return {
    moments: { Sxx, Syx, Syy: Sxx },
    estimate: {
      samples: pairs,
      error: Math.max(error(early!.Sxx, late!.Sxx, Sxx), error(early!.Syx, late!.Syx, Syx)),
    },
  }
}

function sumHalf(samples: DrawSamples, first: number, count: number, d: number) {
  const [U, V] = [zeros(d, d), zeros(d, d)]
  const [u, v] = [new Float64Array(CHUNK * d), new Float64Array(CHUNK * d)]
  for (let k = 0; k < count; k += CHUNK) {
    const { x, y } = samples(numbersFrom(first + k, CHUNK))
    for (let i = 0; i < x.length; i++) {
      u[i] = x[i]! + y[i]!
      v[i] = x[i]! - y[i]!
    }
    addGram(u, d, U)
    addGram(v, d, V)
  }
  mirror(U)
  mirror(V)
  const unit = 1 / (4 * count) // ½ of the two, ½ of u and v, 1 over count
  return { Sxx: combine(unit, U, unit, V), Syx: combine(unit, U, -unit, V) }
}

/** Adds the upper triangle of B'B for the rows of a batch, four rows at a time. */
function addGram(batch: Float64Array, d: number, sum: Matrix): void {
  const out = sum.data
  for (let r = 0; r < batch.length; r += 4 * d) {
    const [r1, r2, r3] = [r + d, r + 2 * d, r + 3 * d]
    for (let i = 0; i < d; i++) {
      const [a0, a1, a2, a3] = [batch[r + i]!, batch[r1 + i]!, batch[r2 + i]!, batch[r3 + i]!]
      for (let j = i, at = i * d + i; j < d; j++, at++) {
        out[at] =
          out[at]! + (a0 * batch[r + j]! + a1 * batch[r1 + j]! + a2 * batch[r2 + j]! + a3 * batch[r3 + j]!)
      }
    }
  }
}

function mirror({ data, rows }: Matrix): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) data[i * rows + j] = data[j * rows + i]!
}

/** The moments of a stored set: its own, sample by sample, where it is small enough, else those of what it is drawn from. */
export function storedMoments(source: Source, seed: number, count: number): Population {
  const d = source.calibration.mean.length
  if (count > pairsFor(source)) return streamMoments(source, seed)
  const samples = openSamples(source, seed, STREAMS.pair)
  let [Sxx, Syx, Syy] = [zeros(d, d), zeros(d, d), zeros(d, d)]
  for (let k = 0; k < count; k += CHUNK) {
    const rows = Math.min(CHUNK, count - k)
    const batch = samples(numbersFrom(k, rows))
    const [X, Y] = [batch.x, batch.y].map((data) => ({ rows, cols: d, data })) as [Matrix, Matrix]
    Sxx = combine(1, Sxx, 1, multiply(transpose(X), X))
    Syx = combine(1, Syx, 1, multiply(transpose(Y), X))
    Syy = combine(1, Syy, 1, multiply(transpose(Y), Y))
  }
  const mean = (S: Matrix) => scale(1 / count, S)
  return { moments: { Sxx: mean(Sxx), Syx: mean(Syx), Syy: mean(Syy) }, estimate: null }
}

/** Images rendered for all loudnesses together, and the least number of samples for each. */
const RENDERED = 2 ** 15
const LEAST_SAMPLES = 256

/**
 * Per latent the share of the variance of x that is gone once the latent is drawn anew: E|x − x₋|²/2 over E|x|² (Jansen's
 * total effect). Shares add up to 1 where g is linear and
 * nothing is noise, and to more where latents act together.
 */
export function loudnessOf({ generator, calibration, noise }: Source, seed: number): number[] {
  const m = generator.names.length
  const rows = Math.max(LEAST_SAMPLES, Math.floor(RENDERED / m))
  const [z, other, unused] = [0, 1, 2].map(() => new Float64Array(rows * m)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  generator.law.open(seed, STREAMS.population)(numbersFrom(0, rows), z, unused)
  generator.law.open(seed, STREAMS.redraw)(numbersFrom(0, rows), other, unused)
  const total = (generator.totalVariance + noise * calibration.mean.length) / calibration.scale ** 2
  const sums = new Float64Array(m)
  for (let from = 0; from < rows; from += CHUNK) {
    const to = Math.min(rows, from + CHUNK)
    const kept = z.subarray(from * m, to * m)
    const seen = generator.render(kept, to - from)
    for (let i = 0; i < m; i++) {
      const changed = kept.slice()
      for (let at = i; at < changed.length; at += m) changed[at] = other[from * m + at]!
      const without = generator.render(changed, to - from)
      for (let at = 0; at < seen.length; at++) sums[i] = sums[i]! + (seen[at]! - without[at]!) ** 2
    }
  }
  return Array.from(sums, (sum) => sum / (2 * rows * total))
}
