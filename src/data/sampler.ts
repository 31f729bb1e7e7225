/** Draws minibatches. A draw is a function of (seed, step, row) alone, so resuming or batching changes nothing. */
export interface Sampler {
  /** @returns x and y, each row-major [rows][features] */
  draw(step: number, rows: number): { x: Float64Array; y: Float64Array }
}

/** Two views and the latents behind them, row-major: x and y [rows][features], the latents [rows][latents]. */
export interface LatentBatch {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly latents: Float64Array // z of x
  readonly targetLatents: Float64Array // z' of y
}

/** A sampler that tells what it made its batches from. */
export interface LatentSampler extends Sampler {
  draw(step: number, rows: number): LatentBatch
}
