/**
 * What can be measured of a representation h(x) besides its loss; docs/probes.md defines every number. All are taken on samples that
 * training never meets: fitted on some, judged on others.
 */
export interface Probe {
  /** What the data must have for it. */
  readonly needs: 'latents' | 'labels' | 'directions' | null
  /** What its values are; null where there is one for each latent or direction. */
  readonly values: readonly string[] | null
  readonly about: string
}

export const PROBES = {
  latents: {
    needs: 'latents',
    values: null,
    about:
      'R² of each known latent, read off the representation by a ridge as if through a little noise of fixed strength.',
  },
  readout: {
    needs: 'latents',
    values: null,
    about: 'R² of each known latent by a ridge that is relative to the representation, whatever its scale.',
  },
  responses: {
    needs: 'latents',
    values: null,
    about: 'How far the mean representation moves with each known latent, |Cov(h, z)| / Var(z).',
  },
  alignment: {
    needs: 'directions',
    values: null,
    about:
      'R² of x along each generalised eigenvector of (Σyx, Σxx), by the ridge of latents; at most 32 of them.',
  },
  classes: {
    needs: 'labels',
    values: ['accuracy'],
    about: 'Share of held-out samples that a linear classifier names rightly.',
  },
  neighbours: {
    needs: 'labels',
    values: ['accuracy'],
    about: 'Share of held-out samples that the vote of their 20 nearest by cosine names rightly.',
  },
  rank: { needs: null, values: ['rank'], about: 'RankMe: e to the entropy of the singular values.' },
  variance: {
    needs: null,
    values: ['minimum', 'median', 'maximum'],
    about: 'Variance of the coordinates of the representation.',
  },
  spread: {
    needs: null,
    values: ['spread'],
    about: 'Standard deviation of h/|h|, 1 where it points anywhere and 0 where all samples have become one.',
  },
} as const satisfies Record<string, Probe>

export type ProbeName = keyof typeof PROBES
export const PROBE_NAMES = Object.keys(PROBES) as ProbeName[]

export function isProbe(name: string): name is ProbeName {
  return Object.hasOwn(PROBES, name)
}

/** What the data of a run let be measured. */
export interface Measurable {
  readonly latents: boolean
  readonly labels: boolean
  /** Whether x is a vector whose features have directions. */
  readonly directions: boolean
}

/** The probes that a nonlinear run takes where it names none: cheap ones, and what features, classes and collapse are read from. */
export function defaultProbes({ latents, labels }: Measurable): ProbeName[] {
  return [
    ...(latents ? (['latents', 'responses'] as const) : []),
    ...(labels ? (['classes'] as const) : []),
    'rank',
    'variance',
    'spread',
  ]
}

/** Why a probe cannot be taken, as a sentence; null where it can. */
export function probeObstacle(name: string, has: Measurable): string | null {
  if (!isProbe(name)) return `There is no probe ${name}; use any of ${PROBE_NAMES.join(', ')}.`
  const { needs } = PROBES[name]
  if (needs === null || has[needs]) return null
  return `The probe ${name} needs ${WANTED[needs]}, which these data have not; leave it out.`
}

const WANTED = {
  latents: 'known latents',
  labels: 'labels',
  directions: 'x as a vector with known moments',
}
