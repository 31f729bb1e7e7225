import type { Moments, Spectrum } from '../experiment/measurement.ts'
import type { BatchKey } from './batch.ts'
import type { OpenStage } from './images/stages/stage.ts'
import type { Calibration } from './nonlinear/calibration.ts'
import type { LatentBatch, LatentSampler, Sampler } from './sampler.ts'

/** A data spec made concrete: its population, its features and a way to draw from it. */
export interface Problem {
  readonly features: number // d
  readonly moments: Moments
  readonly spectrum: Spectrum
  /** A sampler of the very distribution that `moments` describes, keyed by the run's seed. */
  sampler(seed: number): Sampler
  /** What data of kind nonlinear are made of. */
  readonly latents?: KnownLatents
  /** What data of kind images are made of. */
  readonly images?: KnownImages
}

/** The images that views are made of, z of zero mean and mean variance 1. */
export interface KnownImages {
  readonly count: number
  readonly pixels: Float32Array // [count][entries of an image]
  readonly labels: Uint16Array | null // [count]
  /** How far after the image behind x that behind y comes in the set; 0 where they are one. */
  readonly lag: number
  /** Numbers of the images that x is made of, rising; null where it is made of all. */
  readonly firsts: Uint32Array | null
  /** What is done to them, first to last. */
  readonly stages: readonly OpenStage[]
  /** Fresh views of given images z, with `later` behind y: [rows][entries of an image] → [rows][d]. */
  views(z: Float64Array, later: Float64Array, at: BatchKey): { x: Float64Array; y: Float64Array }
}

/** Independent latents z and z' behind two views x = g(z), y = g(z'); E[z z'] = λ, E[z²] = E[z'²] = λ/ρ, per latent. */
export interface KnownLatents {
  readonly names: readonly string[] // [latents]
  readonly lambda: readonly number[] // [latents]
  readonly rho: readonly number[] // [latents]
  /** Axes of one x: [d], or [height, width, channels]. */
  readonly shape: readonly number[]
  /** What centres and scales g(z) to x; worked out when first asked for. */
  readonly calibration: Calibration
  /** How exactly `moments` are known: the pairs that they were estimated from, or null where they are the set's own. */
  readonly estimate: MomentEstimate | null
  /** Per latent the share of the variance of x that goes with it: E|x − x₋|²/2 over tr Sxx, x₋ with that latent drawn anew. */
  readonly loudness: readonly number[]
  /** The batches of the problem's sampler, with the latents that they were made from. */
  sampler(seed: number): LatentSampler
  /** Samples that no training ever meets: number `first` and the following. */
  heldOut(first: number, rows: number): LatentBatch
}

/** Moments by Monte Carlo. */
export interface MomentEstimate {
  readonly samples: number
  /** Standard errors of Sxx and of Syx in the Frobenius norm, as a part of the norm of each; the larger one. */
  readonly error: number
}
