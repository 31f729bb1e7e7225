import { FAINT, GRID, INK } from '../../src/report/colours.ts'
import { logScale, type Scale } from '../../src/report/scales.ts'
import { element, line, path, svgDocument, text } from '../../src/report/svg.ts'
import type { Precision } from './ours.ts'
import type { Results, RowResult } from './report.ts'
import type { DescentRow } from './rows.ts'

const WIDTH = 1260
const HEIGHT = 610
const OURS = '#472d7b'
const TILES = '#c2317f'
const PANEL = { top: 92, height: 380, width: 350, left: 78, gap: 54 }

interface Series {
  readonly title: string
  readonly colour: string
  readonly dash?: string
  readonly shape: 'dot' | 'diamond' | 'none'
  readonly points: readonly (readonly [d: number, rate: number])[]
}

interface Point {
  readonly row: DescentRow
  readonly contest: NonNullable<RowResult['contest']>
}

/** Run-steps a second over d, a panel for each number of runs: ours, the best peers, and the FMA peak. */
export function drawChart(results: Results): string {
  const found = results.rows.flatMap(({ row, contest }) =>
    row.kind === 'descent' && contest !== undefined ? [{ row, contest }] : [],
  )
  const batches = [...new Set(found.map(({ row }) => row.runs))].sort((a, b) => b - a)
  const title = 'Deep linear JEPA, L = 3: run-steps a second of population descent'
  const { machine, threads } = results
  const under = `${threads} threads, ${machine.cpu}, commit ${machine.commit}, ${machine.date}`
  const panels = batches.map((runs, k) => {
    const points = found
      .filter(({ row }) => row.runs === runs)
      .sort((a, b) => a.row.features - b.row.features)
    return drawPanel(points, runs, PANEL.left + k * (PANEL.width + PANEL.gap))
  })
  const content = [
    text(24, 38, title, { 'font-size': 24, 'font-weight': 'bold', fill: INK }),
    text(24, 62, under, { 'font-size': 14, fill: FAINT }),
    ...panels,
    drawKey(seriesOf(found), HEIGHT - 18),
  ]
  return svgDocument(WIDTH, HEIGHT, title, content.join(''))
}

/** What was timed on any of the points. */
function seriesOf(points: readonly Point[]): Series[] {
  const rates = (of: (point: Point) => number | undefined) =>
    points.flatMap((point) => {
      const rate = of(point)
      return rate === undefined ? [] : [[point.row.features, rate] as const]
    })
  const all: Series[] = [
    {
      title: 'FMA peak',
      colour: FAINT,
      dash: '6 5',
      shape: 'none',
      points: rates(({ contest }) => contest.beside.peak?.median),
    },
    {
      title: 'lanes, compensated',
      colour: OURS,
      shape: 'dot',
      points: rates(({ contest }) => contest.ours.compensated?.median),
    },
    {
      title: 'lanes, int8x3',
      colour: TILES,
      shape: 'diamond',
      points: rates(({ contest }) => contest.ours.int8x3?.median),
    },
    {
      title: 'PyTorch, best form',
      colour: '#d1662a',
      shape: 'dot',
      points: rates(({ contest }) => contest.best.torch?.median),
    },
    {
      title: 'JAX, best form',
      colour: '#21918c',
      shape: 'dot',
      points: rates(({ contest }) => contest.best.jax?.median),
    },
  ]
  return all.filter((one) => one.points.length > 0)
}

function drawPanel(points: readonly Point[], runs: number, left: number): string {
  const series = seriesOf(points)
  const sizes = points.map(({ row }) => row.features)
  const values = series.flatMap((one) => one.points.map(([, rate]) => rate))
  const bottom = PANEL.top + PANEL.height
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const x = logScale(Math.min(...sizes) / 1.3, Math.max(...sizes) * 1.3, left, left + PANEL.width)
  const y = logScale(10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high)), bottom, PANEL.top)
  return [
    text(left, PANEL.top - 8, `R = ${runs}`, { 'font-size': 17, 'font-weight': 'bold', fill: INK }),
    ...decades(low, high).flatMap((value) => [
      line(left, y.place(value), left + PANEL.width, y.place(value), { stroke: GRID, 'stroke-width': 1 }),
      text(left - 8, y.place(value) + 5, `1e${Math.round(Math.log10(value))}`, {
        'font-size': 13,
        fill: FAINT,
        'text-anchor': 'end',
      }),
    ]),
    ...sizes.map((d) =>
      text(x.place(d), bottom + 20, String(d), { 'font-size': 13, fill: FAINT, 'text-anchor': 'middle' }),
    ),
    text(left + PANEL.width / 2, bottom + 78, 'features d; × lanes over the best peer', {
      'font-size': 14,
      fill: INK,
      'text-anchor': 'middle',
    }),
    line(left, bottom, left + PANEL.width, bottom, { stroke: FAINT, 'stroke-width': 1 }),
    ...series.map((one) => drawSeries(one, x, y)),
    ...points.map((point) => ratioMark(point, 'compensated', OURS, x, bottom + 39)),
    ...points.map((point) => ratioMark(point, 'int8x3', TILES, x, bottom + 57)),
  ].join('')
}

/** ×n below the size: ours over the best peer. */
function ratioMark({ row, contest }: Point, precision: Precision, fill: string, x: Scale, y: number): string {
  const timing = contest.ours[precision]
  if (timing === undefined) return ''
  const ratio = timing.median / Math.max(...Object.values(contest.best).map((t) => t.median))
  return text(x.place(row.features), y, `×${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}`, {
    'font-size': 14,
    'font-weight': 'bold',
    fill,
    'text-anchor': 'middle',
  })
}

function drawSeries({ points, colour, dash, shape }: Series, x: Scale, y: Scale): string {
  const places = points.map(([d, rate]) => [x.place(d), y.place(rate)] as const)
  const stroke = {
    stroke: colour,
    'stroke-width': 2.5,
    ...(dash === undefined ? {} : { 'stroke-dasharray': dash }),
  }
  return path(places, stroke) + places.map(([cx, cy]) => drawMark(cx, cy, shape, colour)).join('')
}

function drawMark(cx: number, cy: number, shape: Series['shape'], fill: string): string {
  if (shape === 'none') return ''
  if (shape === 'dot') return element('circle', { cx, cy, r: 4.5, fill })
  return element('path', { d: `M${cx} ${cy - 6.5}l6.5 6.5l-6.5 6.5l-6.5 -6.5Z`, fill })
}

function drawKey(series: readonly Series[], at: number): string {
  return series
    .map(({ title, colour, dash, shape }, k) => {
      const left = PANEL.left + k * 215
      const stroke = {
        stroke: colour,
        'stroke-width': 3,
        ...(dash === undefined ? {} : { 'stroke-dasharray': dash }),
      }
      return (
        line(left, at - 5, left + 30, at - 5, stroke) +
        drawMark(left + 15, at - 5, shape, colour) +
        text(left + 38, at, title, { 'font-size': 15, fill: INK })
      )
    })
    .join('')
}

function decades(low: number, high: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  return Array.from({ length: to - from + 1 }, (_, k) => 10 ** (from + k))
}
