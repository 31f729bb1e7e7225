import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import type { Point, SweepRun } from '../../src/experiment/sweep-view.ts'
import { boundaryOf, mostRuns, nextPoints } from '../../src/report/sweeps/boundary.ts'
import { halvings } from '../../src/report/sweeps/boundary-step.ts'
import { measuredRun, pairOfTimes } from './sweep-runs.ts'

const base: SweepSpec['base'] = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 0.8] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 1e-3 },
  training: { mode: 'flow', time: 1e5 },
}
const X = 'model.depth'
const Y = 'init.scale'

function search(change: Partial<SweepSpec> = {}): SweepSpec {
  const axes: SweepSpec['axes'] = { [X]: [1, 2, 3], [Y]: { log: [1e-4, 1] } }
  return {
    base,
    axes,
    search: 'boundary',
    question: 'first-feature-is:0',
    tolerance: 0.01,
    ...change,
  }
}

type Measure = (point: Point) => SweepRun

/** Asks, measures and asks again, up to the end. */
function finish(spec: SweepSpec, measure: Measure, runs: readonly SweepRun[] = []): SweepRun[] {
  const all = [...runs]
  for (;;) {
    const points = nextPoints(spec, all)
    if (points.length === 0) return all
    all.push(...points.map(measure))
  }
}

const keyOf = ({ point }: Pick<SweepRun, 'point'>) => JSON.stringify(point)
const shareOf = (y: number) => Math.log(y / 1e-4) / Math.log(1e4)

/** Random numbers of a seed, from 0 to 1. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Margins that rise through 0 at `root` in all manners, as functions of the share of the axis. */
const shapes: Readonly<Record<string, (share: number, root: number) => number>> = {
  'a power law': (s, r) => 9 * (s - r),
  'a steep wave': (s, r) => Math.tanh(30 * (s - r)),
  'a curve': (s, r) => Math.exp(3 * s) - Math.exp(3 * r),
  'a much bent curve': (s, r) => Math.exp(12 * s) - Math.exp(12 * r),
  'a flat place': (s, r) => (s - r) ** 3 + 1e-9 * Math.sign(s - r),
  'a kink': (s, r) => (s > r ? 5 : 1) * (s - r),
  'a bare step': (s, r) => (s > r ? 1 : -1),
  'a lopsided step': (s, r) => (s > r ? 1e3 : -1e-3),
  'never against at once': (s, r) => (s > r ? Infinity : -Infinity),
}

for (const [name, margin] of Object.entries(shapes)) {
  it(`${name}: every flip is found within the tolerance, by at most one run more than bisection takes`, () => {
    const random = chance(7)
    for (let trial = 0; trial < 12; trial++) {
      const tolerance = [0.3, 0.03, 0.01, 1e-4][trial % 4]!
      const spec = search({ tolerance })
      const roots = new Map([1, 2, 3].map((depth) => [depth, random()]))
      const runs = finish(spec, (point) =>
        measuredRun(point, pairOfTimes(margin(shareOf(point[Y] as number), roots.get(point[X] as number)!))),
      )
      assert.equal(new Set(runs.map(keyOf)).size, runs.length)
      const most = 3 + Math.ceil(Math.log2(Math.log(1e4) / Math.log1p(tolerance)))
      assert.equal(mostRuns(spec), 3 * most)
      for (const line of boundaryOf(spec, runs).lines) {
        const [low, high] = line.interval!
        const root = roots.get(line.x as number)!
        assert.ok(
          shareOf(low) <= root + 1e-12 && shareOf(high) >= root - 1e-12,
          `${root} is not in ${low}, ${high}`,
        )
        assert.ok(high / low <= (1 + tolerance) * (1 + 1e-8), `${high}/${low} at ${tolerance}`) // rounding only
        assert.ok(low < line.y! && line.y! < high)
        assert.deepEqual([line.below, line.above], [false, true])
        const used = runs.filter(({ point }) => point[X] === line.x).length
        assert.ok(used <= most, `${used} runs against ${most}`)
      }
    }
  })
}

it('a margin that is a power law of the axis takes at most five runs a line, a mild curve at most eight', () => {
  const most = (margin: (share: number, root: number) => number) =>
    Math.max(
      ...Array.from({ length: 40 }, (_, k) => {
        const spec = search({ axes: { [X]: [1], [Y]: { log: [1e-4, 1] } } })
        const root = (k + 0.5) / 40
        return finish(spec, (point) =>
          measuredRun(point, pairOfTimes(margin(shareOf(point[Y] as number), root))),
        ).length
      }),
    )
  assert.equal(2 + halvings(Math.log(1.01) / Math.log(1e4)), 12) // bisection
  assert.equal(most(shapes['a power law']!), 5)
  assert.equal(most(shapes['a curve']!), 8)
})

it('a search goes on from any part of its runs, in any order, to the same places', () => {
  const roots: Record<number, number> = { 1: 0.31, 2: 0.62, 3: 0.93 }
  const spec = search()
  const measure: Measure = (point) =>
    measuredRun(
      point,
      pairOfTimes(shapes['a curve']!(shareOf(point[Y] as number), roots[point[X] as number]!)),
    )
  const whole = finish(spec, measure)
  for (let length = 0; length <= whole.length; length++) {
    const resumed = finish(spec, measure, JSON.parse(JSON.stringify(whole.slice(0, length).reverse())))
    assert.deepEqual(resumed.map(keyOf).sort(), whole.map(keyOf).sort())
  }
})

it('a line waits for a run that has not ended, and the others go on', () => {
  const spec = search()
  const measure: Measure = (point) => measuredRun(point, pairOfTimes(shareOf(point[Y] as number) - 0.3))
  const ends = nextPoints(spec, []).map(measure)
  const waiting = ends.map((run, k) =>
    k === 0 ? { ...run, state: 'running' as const, criticalTimes: null } : run,
  )
  assert.deepEqual(
    nextPoints(spec, waiting).map((point) => point[X]),
    [2, 3],
  )
})

it('a line on which a run failed ends with what is known, and the others go on', () => {
  const spec = search()
  const good: Measure = (point) => measuredRun(point, pairOfTimes(9 * (shareOf(point[Y] as number) - 0.3)))
  let count = 0
  const runs = finish(spec, (point) => {
    count += point[X] === 2 ? 1 : 0
    const isLost = point[X] === 1 || (point[X] === 2 && count === 4)
    return isLost ? { ...good(point), state: 'failed', criticalTimes: null } : good(point)
  })
  const [none, wide, whole] = boundaryOf(spec, runs).lines
  assert.deepEqual([none!.y, none!.interval, none!.below, none!.above], [null, null, null, null])
  assert.equal(runs.filter(({ point }) => point[X] === 1).length, 2)
  assert.ok(wide!.interval![1] / wide!.interval![0] > 1.01)
  assert.ok(whole!.interval![1] / whole!.interval![0] <= 1.01)
})

it('a line whose ends answer alike is done with its two ends, whatever lies between', () => {
  const spec = search()
  const runs = finish(spec, (point) => {
    const share = shareOf(point[Y] as number)
    return measuredRun(point, pairOfTimes(share > 0.4 && share < 0.6 ? 1 : -1))
  })
  assert.equal(runs.length, 6)
  const { lines, gridRuns } = boundaryOf(spec, runs)
  assert.ok(lines.every(({ y, below, above }) => y === null && below === false && above === false))
  assert.equal(gridRuns, 3 * (Math.ceil(Math.log(1e4) / Math.log(1.01)) + 1))
})

it('a linear axis is narrowed to the tolerance as a share of its span, from whichever end it is given', () => {
  for (const linear of [
    [-1, 3],
    [3, -1],
  ] as [number, number][]) {
    const spec = search({ axes: { [X]: ['a', { b: 1 }], [Y]: { linear } } })
    const runs = finish(spec, (point) => measuredRun(point, pairOfTimes(0.123 - (point[Y] as number))))
    for (const { interval, below, above } of boundaryOf(spec, runs).lines) {
      assert.ok(
        interval![0] <= 0.123 && interval![1] >= 0.123 && interval![1] - interval![0] <= 0.04 * (1 + 1e-8),
      )
      assert.deepEqual([below, above], [true, false])
    }
  }
})

it('a tolerance finer than numbers ends at two neighbours', () => {
  const spec = search({ tolerance: 1e-300 })
  const runs = finish(spec, (point) =>
    measuredRun(point, pairOfTimes(Math.sign((point[Y] as number) - 0.01234))),
  )
  assert.ok(runs.length < 3 * 80, `${runs.length} runs`)
  for (const { interval } of boundaryOf(spec, runs).lines) assert.ok(interval![1] / interval![0] < 1 + 1e-12)
})

it('orders-differ runs JEPA and MAE at each place, and asks again for one that is missing', () => {
  const spec = search({ question: 'orders-differ' })
  const measure: Measure = (point) => {
    const share = shareOf(point[Y] as number)
    return measuredRun(point, pairOfTimes(point.objective === 'mae' ? -0.1 - share : 3 * (share - 0.7)))
  }
  const ends = nextPoints(spec, [])
  assert.deepEqual(ends.slice(0, 2), [
    { [X]: 1, [Y]: 1e-4, objective: 'jepa' },
    { [X]: 1, [Y]: 1e-4, objective: 'mae' },
  ])
  const onLast = ({ [X]: depth }: Point) => depth === 3
  const rest = nextPoints(spec, ends.slice(0, -1).map(measure))
  assert.deepEqual(rest.filter(onLast), ends.slice(-1))
  const runs = finish(spec, measure)
  const boundary = boundaryOf(spec, runs)
  assert.equal(boundary.runs, runs.length)
  for (const { y, below, above } of boundary.lines) {
    assert.ok(Math.abs(shareOf(y!) - 0.7) < 0.01 / Math.log(1e4), `${y}`)
    assert.deepEqual([below, above], [false, true])
  }
})
