/** What a sweep can be asked to decide: each has its presets (presets.ts) and its verdict (src/report/sweeps/verdicts). */
export const CLAIMS = [
  'greedy-in-lambda',
  'greedy-in-rho',
  'inversion',
  'inversion-boundary',
  'depth-widens-gap',
  'small-scale-is-greedy',
  'greedy-boundary',
  'random-start-collapses',
  'static-noise-depth',
  'temporal-depth',
  'generalised-features',
  'batch-size-drift',
  'jepa-follows-rho',
  'jepa-keeps-by-rho',
  'jepa-loses-classes',
] as const
