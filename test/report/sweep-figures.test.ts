import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { canonicalJson } from '../../src/experiment/identity.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import type { SweepRun } from '../../src/experiment/sweep-view.ts'
import { drawSweepFigure } from '../../src/report/sweeps/figures/figure.ts'
import { kindsFor, runsToDraw } from '../../src/report/sweeps/figures/kinds.ts'
import { sweepCsv } from '../../src/report/sweeps/figures/sweep-csv.ts'
import {
  SWEEP_FIGURE_KINDS,
  type SweepDrawing,
  type SweepFigureKind,
} from '../../src/report/sweeps/figures/sweep-drawing.ts'
import { sweepVega } from '../../src/report/sweeps/figures/sweep-vega.ts'
import { checkDrawing, elementsOf } from './drawings.ts'
import { exactSweep, inverted, pair, withoutResult } from './sweep-figures-runs.ts'

const objective = ['jepa', 'mae']
const depths = exactSweep({ base: inverted, axes: { objective, 'model.depth': [1, 2, 3] }, name: 'Depths' })
const scales = exactSweep({
  base: inverted,
  axes: { objective, 'init.scale': { log: [1e-4, 0.1], count: 7 } },
})
const phases = exactSweep({
  base: pair,
  axes: {
    objective,
    'init.scale': { log: [1e-3, 0.03], count: 4 },
    'data.lambda.0': { linear: [0.9, 1.3], count: 5 },
  },
})
const random = exactSweep({
  base: pair,
  axes: { 'init.scale': { log: [1e-3, 0.03] }, 'data.lambda.0': { linear: [0.9, 1.3] } },
  search: 'random',
  count: 12,
})
const boundary = exactSweep({
  base: pair,
  axes: { 'init.scale': { log: [1e-3, 0.03], count: 4 }, 'data.lambda.0': { linear: [0.9, 1.4] } },
  search: 'boundary',
  question: 'first-feature-is:0',
  tolerance: 0.02,
})
const sweeps = { depths, scales, phases, random, boundary }

for (const [name, sweep] of Object.entries(sweeps)) {
  for (const kind of kindsFor(sweep.spec, sweep.analysis)) {
    it(`${name}, ${kind}: well-formed, finite, with measurement and theory`, () => {
      const svg = drawSweepFigure({ ...sweep, kind })
      checkDrawing(svg)
      const texts = elementsOf(svg).map(({ content }) => content)
      assert.ok(texts.some((text) => /^(measured|cell: measured|dot: measured|measured boundary)/.test(text)))
      assert.ok(
        texts.some((text) => /theory/.test(text)),
        'no theory in the key',
      )
      const spec = sweepVega({ ...sweep, kind })
      assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec)
      const rows = sourcesIn(spec)
      assert.ok(rows.measured > 0 && rows.theory > 0, JSON.stringify(rows))
    })
  }
}

/** Rows of data in a Vega-Lite specification that were measured and that theory says. */
function sourcesIn(spec: unknown): { measured: number; theory: number } {
  const count = { measured: 0, theory: 0 }
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const row = value as Record<string, unknown>
    if (row.source === 'measured' || 'answer' in row) count.measured += 1
    if (row.source === 'theory' || row.source === 'predicted' || 'theory' in row) count.theory += 1
    Object.values(value).forEach(walk)
  }
  walk(spec)
  return count
}

it('measured points lie on the curve of theory for exact runs, and the curve is finer than the runs', () => {
  const svg = drawSweepFigure({ ...scales, kind: 'critical-times' })
  const curves = elementsOf(svg).filter(({ attributes }) => attributes['stroke-dasharray'] === '7 5')
  const points = curves
    .filter(({ name }) => name === 'path')
    .flatMap(({ attributes }) =>
      attributes
        .d!.match(/-?[\d.]+ -?[\d.]+/g)!
        .map((each) => each.split(' ').map(Number) as [number, number]),
    )
  const dots = elementsOf(svg).filter(({ name, attributes }) => name === 'circle' && attributes.r === '5.5')
  assert.ok(
    dots.length >= 2 * 4 * 7 && points.length > 5 * dots.length,
    `${dots.length} and ${points.length}`,
  )
  const apart = dots
    .slice(0, 2 * 4 * 7)
    .map(({ attributes: { cx, cy } }) =>
      Math.min(...points.map(([x, y]) => Math.hypot(x - Number(cx), y - Number(cy)))),
    )
  assert.ok(Math.max(...apart) <= 0.3, `${Math.max(...apart)}`) // coordinates have one decimal
})

it('the caption names sweep, runs and the hash of the canonical spec', () => {
  const hash = createHash('sha256').update(canonicalJson(depths.spec)).digest('hex').slice(0, 12)
  for (const kind of kindsFor(depths.spec, depths.analysis)) {
    const svg = drawSweepFigure({ ...depths, kind })
    assert.ok(svg.includes(`sweep ${depths.id}, 6 runs, spec ${hash}`), kind)
    assert.ok(svg.includes('>Depths<'), kind)
    assert.ok(JSON.stringify(sweepVega({ ...depths, kind })).includes(hash), kind)
  }
})

it('runs without a result are counted by state in every kind, and drawn in none', () => {
  const runs = depths.runs.map((run, k) =>
    k === 1 ? withoutResult(run, 'failed') : k > 3 ? withoutResult(run, 'queued') : run,
  )
  const sweep = { ...depths, runs }
  for (const kind of kindsFor(sweep.spec, sweep.analysis)) {
    const svg = drawSweepFigure({ ...sweep, kind })
    const words = textOf(svg)
    assert.ok(words.includes('3 of 6 runs have no result and are not drawn: 2 queued, 1 failed.'), words)
    checkDrawing(svg)
  }
  assert.ok(
    !runsToDraw(sweep.spec, runs, 'amplitudes').some((id) => [1, 4, 5].includes(Number(id.slice(-1)))),
  )
})

it('a sweep none of whose runs has a result is drawn all the same, in every kind', () => {
  for (const sweep of Object.values(sweeps)) {
    const runs = sweep.runs.map((run) => withoutResult(run, 'cancelled'))
    for (const kind of kindsFor(sweep.spec, {})) {
      for (const drawn of [
        { ...sweep, runs },
        { ...sweep, runs: [] },
      ]) {
        checkDrawing(drawSweepFigure({ ...drawn, analysis: {}, kind }))
        JSON.stringify(sweepVega({ ...drawn, analysis: {}, kind }))
      }
    }
  }
})

/** All words of a figure, lines joined. */
function textOf(svg: string): string {
  return elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ content }) => content)
    .join(' ')
}

it('a verdict stands in the caption with its sign', () => {
  const told = { claim: 'inversion', statement: 'Orders are opposite', because: 'they are <so>', figures: [] }
  for (const [holds, sign] of [
    [true, '✓'],
    [false, '✗'],
    [null, 'Undecided:'],
  ] as const) {
    const svg = drawSweepFigure({ ...depths, analysis: { verdict: { ...told, holds } } })
    assert.ok(textOf(svg).includes(`${sign} Orders are opposite they are &lt;so&gt;`))
  }
})

it('the order of learning shows the inversion: lines of JEPA and MAE cross', () => {
  const twins = exactSweep({ base: inverted, axes: { objective } })
  const spec = sweepVega({ ...twins, kind: 'order' }) as {
    concat: { layer: { data: { values: object[] } }[] }[]
  }
  const rows = spec.concat[0]!.layer.flatMap(({ data }) => data.values) as {
    series: string
    source: string
    x: number
    y: number
  }[]
  const rankOf = (series: string, x: number, source: string) =>
    rows.find((row) => row.series.startsWith(series) && row.x === x && row.source === source)!.y
  for (const source of ['measured', 'theory']) {
    const ranks = [0, 1].map((x) =>
      ['ρ 0.4', 'ρ 0.5', 'ρ 0.65', 'ρ 0.9'].map((name) => rankOf(name, x, source)),
    )
    assert.deepEqual(ranks, [
      [4, 3, 2, 1],
      [1, 2, 3, 4],
    ])
  }
})

it('paired differences are drawn with their intervals around theory', () => {
  const twins = depths.analysis.twins!.map((twin) => ({
    ...twin,
    greedyIndex: { n: 5, mean: 0.25, interval: [0.125, 0.375] as [number, number] },
  }))
  const drawn = { ...depths, analysis: { twins }, kind: 'twins' } as const
  const values = JSON.stringify(sweepVega(drawn))
  assert.ok(values.includes('"low":0.125,"high":0.375'))
  assert.ok(textOf(drawSweepFigure(drawn)).includes('95 % interval over seeds'))
})

it('the boundary is drawn with its interval over theory, which lies inside it for exact runs', () => {
  const { lines } = boundary.analysis.boundary!
  for (const { interval, predicted } of lines) {
    assert.ok(predicted! >= interval![0] && predicted! <= interval![1], `${predicted} in ${interval}`)
  }
  const values = JSON.stringify(sweepVega({ ...boundary, kind: 'phase' }))
  for (const { y, interval, predicted } of lines) {
    assert.ok(values.includes(`"y":${y}`) && values.includes(`"low":${interval![0]}`))
    assert.ok(values.includes(`"y":${predicted}`))
  }
})

it('the csv has a row for each run, results or none, and quotes what needs it', () => {
  const runs = depths.runs.map((run, k) => (k === 2 ? withoutResult(run, 'failed') : run))
  const lines = sweepCsv({ ...depths, runs }).split('\r\n')
  assert.equal(lines.length, 1 + runs.length + 1)
  const header = lines[0]!.split(',')
  for (const line of lines.slice(1, -1)) assert.equal(line.split(',').length, header.length, line)
  const cell = (row: number, name: string) => lines[row]!.split(',')[header.indexOf(name)]
  assert.equal(cell(1, 'objective'), 'jepa')
  assert.equal(cell(1, 'model.depth'), '1')
  assert.equal(cell(1, 'critical_time_measured_0'), String(runs[0]!.criticalTimes!.measured[0]))
  assert.equal(cell(1, 'critical_time_predicted_3'), String(runs[0]!.criticalTimes!.predicted[3]))
  assert.equal(cell(1, 'order_measured'), runs[0]!.order!.measured.join(' '))
  assert.equal(cell(3, 'state'), 'failed')
  assert.equal(cell(3, 'fingerprint'), '')
  const start = { kind: 'gaussian', scale: 0.01 }
  const quoted = sweepCsv({
    spec: { ...depths.spec, axes: { init: [start] } },
    runs: [{ ...runs[0]!, point: { init: start } }],
  })
  assert.ok(quoted.includes('"{""kind"":""gaussian"",""scale"":0.01}"'), quoted)
})

it('at most twelve panels of amplitudes, twins beside each other, from both ends of the axes', () => {
  const many = exactSweep({
    base: inverted,
    axes: { objective, 'init.scale': { log: [1e-3, 0.03], count: 20 } },
  })
  const ids = runsToDraw(many.spec, many.runs, 'amplitudes')
  assert.equal(ids.length, 12)
  const drawn = ids.map((id) => many.runs.find((run) => run.id === id)!.point)
  assert.deepEqual(
    drawn.slice(0, 2).map((point) => point.objective),
    objective,
  )
  const at = drawn.map((point) => point['init.scale'] as number)
  assert.deepEqual([Math.min(...at), Math.max(...at)], [1e-3, 0.03])
  assert.ok(
    textOf(drawSweepFigure({ ...many, kind: 'amplitudes' })).includes('12 of 40 finished runs are drawn.'),
  )
})

/** A sweep of so many runs of eight features, made up from one. */
function large(spec: SweepSpec, points: readonly SweepRun['point'][]): SweepDrawing {
  const times = Array.from({ length: 8 }, (_, i) => 10 + i)
  const features = times.map((_, i) => i)
  const runs = points.map(
    (point, k): SweepRun => ({
      id: `r${k}`,
      point,
      state: 'succeeded',
      fingerprint: 'f'.repeat(64),
      order: { measured: features, predicted: features },
      criticalTimes: { measured: times.map((t) => t * (1 + (k % 7) / 100)), predicted: times },
      amplitudes: { final: times, fixedPoint: times },
      greedyIndex: { measured: 0.5, predicted: 0.5 },
      theoryResidual: 0,
      loss: { initial: 1, final: 0 },
    }),
  )
  return { id: 's'.repeat(27), spec, runs, analysis: {} }
}

const wide: SweepSpec['base'] = {
  ...pair,
  data: { kind: 'gaussian', lambda: Array(8).fill(1), rho: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2] },
}

it('ten thousand runs: every kind is drawn within a second or two, in under 2 MB, and says that it is thinned', () => {
  const grid = {
    base: wide,
    axes: { 'init.scale': { log: [1e-4, 0.1], count: 100 }, 'data.lambda.0': { linear: [1, 2], count: 100 } },
  } satisfies SweepSpec
  const points = Array.from({ length: 10_000 }, (_, k) => ({
    'init.scale': 1e-4 * 1000 ** (Math.floor(k / 100) / 99),
    'data.lambda.0': 1 + (k % 100) / 99,
  }))
  const line = { base: wide, axes: { 'init.scale': { log: [1e-4, 0.1], count: 10_000 } } } satisfies SweepSpec
  const scattered = { ...grid, search: 'random', count: 10_000 } satisfies SweepSpec
  const along = points.map((_, k) => ({ 'init.scale': 1e-4 * 1000 ** (k / 9999) }))
  const loose = points.map((_, k) => ({
    'init.scale': 1e-4 * 1000 ** ((k * 0.618) % 1),
    'data.lambda.0': 1 + ((k * 0.755) % 1),
  }))
  const kinds: SweepFigureKind[] = SWEEP_FIGURE_KINDS.filter(
    (kind) => kind !== 'twins' && kind !== 'amplitudes',
  )
  for (const sweep of [large(grid, points), large(line, along), large(scattered, loose)]) {
    for (const kind of kinds.filter((each) => kindsFor(sweep.spec, {}).includes(each))) {
      const begun = performance.now()
      const svg = drawSweepFigure({ ...sweep, kind })
      const took = performance.now() - begun
      assert.ok(svg.length < 2e6, `${kind}: ${svg.length} bytes`)
      assert.ok(took < 10_000, `${kind}: ${took} ms`) // generous: machines that do other things
      assert.match(textOf(svg), /Thinned|Panels are/, kind)
      assert.ok(JSON.stringify(sweepVega({ ...sweep, kind })).length < 4e6, kind)
    }
  }
})

it('text of a sweep cannot break out of the drawing', () => {
  const spec = { ...depths.spec, name: '</text><script>&"\0' }
  const svg = drawSweepFigure({ ...depths, spec })
  checkDrawing(svg)
  assert.ok(!svg.includes('<script') && !svg.includes('\0'))
})
