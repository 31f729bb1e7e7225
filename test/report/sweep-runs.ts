import type { Point, SweepRun } from '../../src/experiment/sweep-view.ts'

/** A run of a sweep that ended well, from what it measured. */
export function measuredRun(point: Point, seen: Partial<SweepRun> = {}): SweepRun {
  return {
    id: `r${JSON.stringify(point)}`,
    point,
    state: 'succeeded',
    fingerprint: null,
    order: null,
    criticalTimes: { measured: [], predicted: [] },
    amplitudes: { final: [], fixedPoint: [] },
    greedyIndex: null,
    theoryResidual: null,
    loss: null,
    ...seen,
  }
}

/** Two features of which the first comes ahead by a factor e^margin, or never where it is −Infinity. */
export function pairOfTimes(margin: number): Pick<SweepRun, 'criticalTimes'> {
  const first = margin === -Infinity ? null : 100 * Math.exp(-margin)
  const second = margin === Infinity ? null : 100
  return {
    criticalTimes: {
      measured: [margin === Infinity ? 1 : first, margin === -Infinity ? 1 : second],
      predicted: [null, null],
    },
  }
}
