import type { Manifest, Measurements, Moments, Spectrum } from '../experiment/measurement.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView, TrajectoryView } from '../experiment/result-view.ts'

/** A finished run: what was asked, what the data are and what the worker saw. */
export interface FinishedRun {
  readonly id: string
  readonly spec: ResolvedSpec
  readonly spectrum: Spectrum
  readonly moments: Moments
  /** What data of kind nonlinear are made of; each list [latents]. */
  readonly latents?: {
    readonly names: readonly string[]
    readonly lambda: readonly number[]
    readonly rho: readonly number[]
  }
  readonly manifest: Manifest
  readonly measurements: Measurements
}

export interface Report {
  readonly result: ResultView
  readonly trajectory: TrajectoryView
}
