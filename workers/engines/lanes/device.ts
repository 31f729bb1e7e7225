/**
 * Where a card begins to beat the CPU's cores, in run·features³ of one layer: a card's cores are filled at R·d³ of
 * about 1e7 and idle below, and depth makes a step longer on both alike. An estimate for an H200,
 * not a measurement: `native/lanes/check/on-gpu.sh` times what would replace it.
 */
const FILLS_CARD = 1e7

/** The sizes of a batch of runs. */
export interface BatchSize {
  readonly runs: number
  readonly features: number
  readonly width: number
}

/** Whether a batch is trained sooner on a card, where one is here: by its multiply-adds side by side in a product. */
export function prefersGpu({ runs, features, width }: BatchSize): boolean {
  return runs * width * width * features >= FILLS_CARD
}
