/**
 * Numbers, rising, of the images that x is made of where y is made of the one `lag` later: all that have such an image, or
 * those whose label it has.
 */
export function firstsOf(count: number, lag: number, labels: Uint16Array | null): Uint32Array {
  const all = Uint32Array.from({ length: count - lag }, (_, k) => k)
  return labels === null ? all : all.filter((k) => labels[k] === labels[k + lag])
}

/** The fewest pairs of images that leave some to train on, apart from those held out, whose images none of training's may be. */
export function fewestPairs(lag: number): number {
  return 2 * lag + 3
}
