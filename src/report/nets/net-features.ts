import { PROBES } from '../../experiment/probe.ts'
import type { FinishedRun } from '../finished-run.ts'
import type { Series } from './first-passage.ts'

/** What a net may learn, and how much of it was in its representation. */
export interface NetFeature {
  readonly name?: string
  readonly lambda: number
  readonly rho: number
  readonly series: Series // R² on held-out samples
}

/**
 * The latents that the data are made of, with the probe `latents`; else the features of the data's moments, of which the probe
 * `alignment` was taken; none where neither was.
 */
export function netFeatures(run: FinishedRun): NetFeature[] {
  const { measurements, latents } = run
  const { time, amplitudes } = measurements
  if (latents !== undefined && amplitudes.length === latents.names.length) {
    const { names, lambda, rho } = latents
    return amplitudes.map((values, i) => {
      return { name: names[i]!, lambda: lambda[i]!, rho: rho[i]!, series: { time, values } }
    })
  }
  const rows = amplitudes.length > 0 ? amplitudes : (measurements.probes?.alignment?.values ?? [])
  if (rows.length === 0) return []
  const { lambda, rho } = run.spectrum
  return rows.map((values, i) => ({ lambda: lambda[i]!, rho: rho[i]!, series: { time, values } }))
}

/** What each value of a probe is of. */
export function valueNames(probe: string, count: number, features: readonly NetFeature[]): string[] {
  const fixed = FIXED[probe]
  if (fixed !== undefined && fixed.length === count) return [...fixed]
  const isOfFeatures = probe !== 'alignment' && features.length === count
  return Array.from({ length: count }, (_, i) => (isOfFeatures ? features[i]!.name : undefined) ?? String(i))
}

const FIXED: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(PROBES).flatMap(([name, { values }]) => (values === null ? [] : [[name, values]])),
)
