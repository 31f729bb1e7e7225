import type { Moments, Spectrum } from '../experiment/measurement.ts'
import type { Sampler } from './sampler.ts'

/** A data spec made concrete: its population, its features and a way to draw from it. */
export interface Problem {
  readonly features: number // d
  readonly moments: Moments
  readonly spectrum: Spectrum
  /** A sampler of the very distribution that `moments` describes, keyed by the run's seed. */
  sampler(seed: number): Sampler
}
