import { FAINT, GRID, INK } from '../../src/report/colours.ts'
import { logScale, type Scale } from '../../src/report/scales.ts'
import { element, line, svgDocument, text } from '../../src/report/svg.ts'
import { CONTESTANTS, type ContestantName, TITLES } from './contestants.ts'
import { type Results, type RowResult, ratios } from './report.ts'

const WIDTH = 1100
const LEFT = 290
const RIGHT = 130
const TOP = 92
const BAR = 15
const ROW = BAR * CONTESTANTS.length + 26

const COLOURS: Readonly<Record<ContestantName, string>> = {
  recorded: '#472d7b',
  tfjs: '#b8bfc7',
  torch: '#eab08c',
  'torch-compile': '#d1662a',
  jax: '#21918c',
}

/** Milliseconds per run-step on a logarithmic axis, a group of bars a row. */
export function drawChart({ machine, threads, rows }: Results): string {
  const measured = rows.filter(({ contest }) => contest !== undefined)
  const times = measured.flatMap(({ contest }) =>
    Object.values(contest!.best).map(({ median }) => 1000 / median),
  )
  const from = 10 ** Math.floor(Math.log10(Math.min(...times)))
  const x = logScale(from, Math.max(...times) * 1.2, LEFT, WIDTH - RIGHT)
  const bottom = TOP + measured.length * ROW
  const title = 'Milliseconds per run-step, batches of 64'
  const under = `${threads} threads, ${machine.cpu}, commit ${machine.commit}, ${machine.date}; at the right: recorder's time over the best peer's`
  const content = [
    text(24, 38, title, { 'font-size': 24, 'font-weight': 'bold', fill: INK }),
    text(24, 62, under, { 'font-size': 14, fill: FAINT }),
    ...x.ticks(6).flatMap((value) => [
      line(x.place(value), TOP - 8, x.place(value), bottom, { stroke: GRID, 'stroke-width': 1 }),
      text(x.place(value), bottom + 18, String(Number(value.toPrecision(3))), {
        'font-size': 13,
        fill: FAINT,
        'text-anchor': 'middle',
      }),
    ]),
    ...measured.map((row, k) => drawRow(row, x, TOP + k * ROW)),
    ...CONTESTANTS.map((name, k) => {
      const left = LEFT - 200 + k * 175
      return (
        element('rect', { x: left, y: bottom + 34, width: 14, height: 14, fill: COLOURS[name] }) +
        text(left + 22, bottom + 46, TITLES[name], { 'font-size': 15, fill: INK })
      )
    }),
  ]
  return svgDocument(WIDTH, bottom + 66, title, content.join(''))
}

function drawRow({ row, contest }: RowResult, x: Scale, top: number): string {
  const { peer } = ratios(contest!)
  const middle = top + (BAR * CONTESTANTS.length) / 2 + 5
  const bars = CONTESTANTS.flatMap((name, k) => {
    const best = contest!.best[name]
    if (best === undefined) return []
    const [end, y] = [x.place(1000 / best.median), top + k * BAR]
    return [
      element('rect', { x: LEFT, y, width: end - LEFT, height: BAR - 2, fill: COLOURS[name] }),
      line(x.place(1000 / best.max), y + 6.5, x.place(1000 / best.min), y + 6.5, {
        stroke: INK,
        'stroke-width': 1.5,
      }),
    ]
  })
  return [
    text(LEFT - 14, middle, row.title, { 'font-size': 15, fill: INK, 'text-anchor': 'end' }),
    ...bars,
    text(WIDTH - 24, middle, `${peer?.toFixed(2)}`, {
      'font-size': 17,
      'font-weight': 'bold',
      fill: COLOURS.recorded,
      'text-anchor': 'end',
    }),
  ].join('')
}
