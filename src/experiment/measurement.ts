import type { Matrix } from './matrix.ts'
import type { Precision } from './training-spec.ts'

/**
 * What a worker saw, free of theory. Amplitude of feature i is |W̄ q_i| (no unit) of a deep linear model, of a net the values of the
 * probe `latents`; time is flow time (Σ learning rate over the steps so far), step counts updates (accepted integrator steps in `flow`).
 */
export interface Measurements {
  readonly time: number[] // [points], rising
  readonly step: number[] // [points]
  readonly loss: number[] // [points]
  readonly amplitudes: number[][] // [features][points]
  /**
   * Per feature, the moments at which its amplitude first passed each rung of a fixed ladder of
   * levels 10^(k/40), upward beyond its maximum or downward below its minimum so far: the fine
   * record from which critical times are read.
   */
  readonly passages: Passages[] // [features]
  /** What probes saw of a net's representation, by name. */
  readonly probes?: Readonly<Record<string, ProbeSeries>>
}

/** One series for each value of a probe (src/experiment/probe.ts). */
export interface ProbeSeries {
  readonly values: number[][] // [values][points]; NaN at rows at which it was not taken
}

export interface Passages {
  readonly time: number[]
  readonly amplitude: number[]
}

export type Outcome = 'succeeded' | 'diverged' | 'stopped'

/** Everything about a finished run that is not a series. Stored as manifest.json beside the artifacts. */
export interface Manifest {
  readonly manifest: 1
  readonly id: string
  readonly attempt: number
  readonly outcome: Outcome
  /** Why a run diverged or stopped, as a sentence; null when it succeeded. */
  readonly message: string | null
  readonly steps: number
  readonly time: number
  readonly wallSeconds: number
  readonly device: 'cpu' | 'cuda'
  readonly engine: 'reference' | 'lanes' | 'tensorflow'
  readonly precision: Precision
  readonly versions: Readonly<Record<string, string>>
  readonly fingerprint: string
  readonly files: readonly ArtifactFile[]
}

export interface ArtifactFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** Second moments of a pair of zero-mean views: Sxx = E[xx'], Syx = E[yx'], Syy = E[yy'], each [d][d]. */
export interface Moments {
  readonly Sxx: Matrix
  readonly Syx: Matrix
  readonly Syy: Matrix
}

/**
 * The features of a problem (docs/theory.md §1, §7). Where Sxx and Syx commute, q_i is their common
 * eigenvector; otherwise Syx' q = ρ Sxx q with |q| = 1 (symmetrised Syx where it is not symmetric).
 */
export interface Spectrum {
  readonly directions: Matrix // [d][d], column i is q_i
  readonly sigma2: readonly number[] // q'Sxx q
  readonly lambda: readonly number[] // q'Syx q
  readonly rho: readonly number[] // lambda / sigma2
  readonly sigmaY2: readonly number[] // q'Syy q
  /** Eigenvalues of M = Syx Sxx^-1, falling; absent where any of them is complex or the kind is diagonal. */
  readonly generalizedRho?: readonly number[]
  readonly commutator: number // |[Sxx,Syx]|_F / (|Sxx|_F |Syx|_F)
  readonly asymmetry: number // |Syx - Syx'|_F / |Syx|_F
}
