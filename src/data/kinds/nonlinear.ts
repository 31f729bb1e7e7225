import { ExperimentError, type FieldFault } from '../../experiment/failure.ts'
import { canonicalJson } from '../../experiment/identity.ts'
import { lengthFaults, rounded } from '../checks.ts'
import type { Kind } from '../kind.ts'
import { openSamples, type Source, stored, streamed } from '../nonlinear/batches.ts'
import { calibrate } from '../nonlinear/calibration.ts'
import { factorFaults } from '../nonlinear/factors.ts'
import { dimensionOf, generatorOf } from '../nonlinear/families.ts'
import type { NonlinearSpec } from '../nonlinear/generator.ts'
import { numbersFrom } from '../nonlinear/latent-law.ts'
import { loudnessOf, storedMoments, streamMoments } from '../nonlinear/population.ts'
import { once } from '../once.ts'
import { STREAMS } from '../philox.ts'
import type { Problem } from '../problem.ts'
import { spectrumOf } from '../spectrum.ts'

/**
 * Known latents seen through a fixed nonlinear generator (docs/data.md, Nonlinear). λ and ρ of the spec are the latents';
 * moments and spectrum are those of x and y, all that a linear encoder meets of them, and are worked out when first asked for:
 * other encoders need neither.
 */
export const nonlinear: Kind<'nonlinear'> = {
  features: dimensionOf,
  faults: nonlinearFaults,
  open: remembered,
}

/** Entries of one x: 32 × 32 pixels of three colours. */
const MOST_ENTRIES = 3072

function nonlinearFaults(data: NonlinearSpec): FieldFault[] {
  const { lambda, rho } = data
  const lengths = lengthFaults({ lambda, rho })
  if (lengths.length > 0 && data.family !== 'factors') return lengths
  const faults = [...rhoFaults(rho)]
  if (data.family === 'factors') return [...faults, ...factorFaults(data)]
  faults.push(...varianceFaults(data))
  const d = dimensionOf(data)
  if (d > MOST_ENTRIES) {
    const message = `The tree has ${d} entries at its leaves, channels × branching^(levels − 1), and ${MOST_ENTRIES} is the most; give fewer levels, branches or channels.`
    faults.push({ pointer: '/data/lambda', message })
  }
  if (data.family === 'mixing' && d < lambda.length) {
    const message = `The dimension ${d} is below the ${lambda.length} latents, so that they could not be told from x; use at least ${lambda.length}.`
    faults.push({ pointer: '/data/dimension', message })
  }
  return faults
}

/** Variances whose fourth powers, which norms of moments take, stay in the range of doubles. */
const [LEAST_VARIANCE, MOST_VARIANCE] = [1e-60, 1e60]

function varianceFaults({ lambda, rho }: NonlinearSpec): FieldFault[] {
  return lambda.flatMap((l, i) => {
    const variance = l / rho[i]!
    if (variance >= LEAST_VARIANCE && variance <= MOST_VARIANCE) return []
    const message = `Entry ${i} has variance λ/ρ = ${rounded(variance)}, which is not between ${LEAST_VARIANCE} and ${MOST_VARIANCE}; change its numbers.`
    return [{ pointer: `/data/lambda/${i}`, message }]
  })
}

function rhoFaults(rho: readonly number[]): FieldFault[] {
  return rho.flatMap((r, i) => {
    if (r <= 1) return []
    const message = `ρ of entry ${i} is ${r}, and two views of one law cannot correlate above 1; use at most 1 (data of kind gaussian can go above).`
    return [{ pointer: `/data/rho/${i}`, message }]
  })
}

/**
 * The latest problems, since moments take seconds and many runs share their data: sweeps come back to those of each value of an axis.
 * Beyond a few, no more than have so many entries of x together; an entry takes up to 50 KB with held-out samples.
 */
const latest = new Map<string, Problem>()
const [KEPT, MOST_KEPT, MOST_KEPT_ENTRIES] = [8, 64, 8192]

function remembered(data: NonlinearSpec): Problem {
  const key = canonicalJson(data)
  const opened = latest.get(key) ?? openNonlinear(data)
  latest.delete(key)
  latest.set(key, opened)
  let entries = [...latest.values()].reduce((sum, { features }) => sum + features, 0)
  for (const [oldest, { features }] of latest) {
    if (latest.size <= KEPT || (latest.size <= MOST_KEPT && entries <= MOST_KEPT_ENTRIES)) break
    latest.delete(oldest)
    entries -= features
  }
  return opened
}

function openNonlinear(data: NonlinearSpec): Problem {
  const { seed: dataSeed = 0, samples, noise = 0 } = data
  const generator = generatorOf(data)
  const source = once((): Source => ({ generator, calibration: calibrate(generator, dataSeed), noise }))
  const population = once(() => {
    checkSize(dimensionOf(data))
    return samples === undefined
      ? streamMoments(source(), dataSeed)
      : storedMoments(source(), dataSeed, samples)
  })
  const spectrum = once(() => spectrumOf(population().moments))
  const loudness = once(() => loudnessOf(source(), dataSeed))
  const heldOut = once(() => openSamples(source(), dataSeed, STREAMS.heldOut))
  const sampler = (seed: number) =>
    samples === undefined ? streamed(source(), seed) : stored(source(), { count: samples, dataSeed, seed })
  return {
    features: dimensionOf(data),
    get moments() {
      return population().moments
    },
    get spectrum() {
      return spectrum()
    },
    sampler,
    latents: {
      names: generator.names,
      lambda: generator.law.lambda,
      rho: generator.law.rho,
      shape: generator.shape,
      get calibration() {
        return source().calibration
      },
      get estimate() {
        return population().estimate
      },
      get loudness() {
        return loudness()
      },
      sampler,
      heldOut: (first, rows) => heldOut()(numbersFrom(first, rows)),
    },
  }
}

/** Second moments of more entries are not worked out: 1024 take seconds, and their decomposition most of a minute. */
const MOST_CORRELATED = 1024

/** @throws SPEC_INVALID where x is too long for its second moments */
function checkSize(d: number): void {
  if (d <= MOST_CORRELATED) return
  const message = `x has ${d} entries, and its moments and spectrum are worked out up to ${MOST_CORRELATED}; use fewer pixels or channels.`
  throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer: '/data', message }] })
}
