/** Draws minibatches. A draw is a function of (seed, step, row) alone, so resuming or batching changes nothing. */
export interface Sampler {
  /** @returns x and y, each row-major [rows][features] */
  draw(step: number, rows: number): { x: Float64Array; y: Float64Array }
}
