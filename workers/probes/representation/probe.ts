import { isProbe, PROBES, type ProbeName } from '../../../src/experiment/probe.ts'
import { alignmentOf } from './alignment.ts'
import { classAccuracy } from './classes.ts'
import { neighbourAccuracy } from './neighbours.ts'
import { effectiveRank } from './rank.ts'
import { Readings } from './readings.ts'
import type { Samples } from './sample.ts'
import { spreadOf, varianceRange } from './shape.ts'

/**
 * Takes the named probes of a representation (docs/probes.md). Each is a function of the samples alone: no randomness, no clock, float64
 * sums in a fixed order. Where the representation has numbers that are not finite, every value is NaN.
 *
 * @returns by name its values, as `PROBES` tells them: one for each latent, direction or name
 * @throws RangeError where a name is no probe or the samples lack what it needs
 */
export function probeRepresentation(names: readonly string[], samples: Samples): Record<string, number[]> {
  const asked = names.map((name) => {
    if (!isProbe(name)) throw new RangeError(`There is no probe ${name}.`)
    checkSamples(name, samples)
    return name
  })
  const readings = new Readings(samples)
  const isSound = areFinite(readings.covariance.data) && areFinite(samples.test.representation)
  const take = (name: ProbeName) => (isSound ? TAKE[name](readings) : unknown(name, samples))
  return Object.fromEntries(asked.map((name) => [name, take(name)]))
}

/** A plain loop: `every` calls a function for each of tens of thousands. */
function areFinite(values: Float32Array | Float64Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) return false
  return true
}

const TAKE: Readonly<Record<ProbeName, (readings: Readings) => number[]>> = {
  latents: (readings) => {
    const { train, test } = readings.samples
    return readings.explained(train.latents!, test.latents!, readings.floor)
  },
  readout: (readings) => {
    const { train, test } = readings.samples
    return readings.explained(train.latents!, test.latents!, readings.relative)
  },
  responses: (readings) => readings.responses(readings.samples.train.latents!),
  alignment: alignmentOf,
  classes: (readings) => [classAccuracy(readings)],
  neighbours: ({ samples: { train, test } }) => [neighbourAccuracy(train, test)],
  rank: ({ covariance, means, samples: { train } }) => [effectiveRank(covariance, means, train.rows)],
  variance: ({ covariance }) => varianceRange(covariance),
  spread: ({ samples: { train }, k }) => [spreadOf(train.representation, train.rows, k)],
}

function checkSamples(name: ProbeName, { train, test, directions }: Samples): void {
  const { needs } = PROBES[name]
  if (needs === null) return
  const has = {
    latents: train.latents !== undefined && test.latents !== undefined,
    labels: train.labels !== undefined && test.labels !== undefined,
    directions: directions !== undefined && train.x !== undefined && test.x !== undefined,
  }
  if (!has[needs]) throw new RangeError(`The probe ${name} needs samples with ${needs}.`)
}

/** As many NaN as the probe has values. */
function unknown(name: ProbeName, { train, directions }: Samples): number[] {
  const { needs, values } = PROBES[name]
  if (values !== null) return values.map(() => Number.NaN)
  const count = needs === 'latents' ? train.latents!.length / train.rows : Math.min(32, directions!.cols)
  return new Array<number>(count).fill(Number.NaN)
}
