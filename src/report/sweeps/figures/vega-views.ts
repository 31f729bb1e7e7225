import { INK } from '../../colours.ts'
import type { Layer, Plot, PlotAxis, PlotPanel } from './plot.ts'
import { foretoldRows, type Row, rowsOf } from './vega-rows.ts'

/** The panels of a plot as views of Vega-Lite, in the signs of the SVG: measured full, theory thin and dashed. */
export function vegaViews(plot: Plot): object[] {
  const paint = paintOf(plot)
  return plot.panels.map((panel) => viewOf(panel, paint))
}

/** Colours by name or by number: one scale for all panels, so that they share a legend. */
interface Paint {
  readonly series: object
  readonly answer: object
}

function paintOf({ legend, panels }: Plot): Paint {
  const layers = panels.flatMap((panel) => panel.layers)
  const colours = new Map(legend.map(({ name, colour }) => [name, colour]))
  const isNumber =
    layers.some((layer) => layer.kind === 'cells' || layer.kind === 'answers') && hasValues(layers)
  for (const layer of layers) {
    if (!('series' in layer && 'colour' in layer) || colours.has(layer.series)) continue
    if (layer.points.length > 0) colours.set(layer.series, layer.colour)
  }
  const named = {
    type: 'nominal',
    title: null,
    sort: null,
    legend: { labelLimit: 400, symbolOpacity: 1 },
    scale: { domain: [...colours.keys()], range: [...colours.values()] },
  }
  const range = legend.map(({ colour }) => colour)
  const domain = legend.map((_, k) => k / Math.max(1, legend.length - 1))
  const numbered = { field: 'value', type: 'quantitative', title: null, scale: { domain, range } }
  return {
    series: { field: 'series', ...named },
    answer: isNumber ? numbered : { field: 'answer', ...named },
  }
}

function hasValues(layers: readonly Layer[]): boolean {
  return layers.some(
    (layer) =>
      (layer.kind === 'cells' && layer.cells.some(({ value }) => value !== undefined)) ||
      (layer.kind === 'answers' && layer.points.some(({ value }) => value !== undefined)),
  )
}

const KINDS: readonly Layer['kind'][] = [
  'cells',
  'area',
  'answers',
  'contour',
  'level',
  'seen-line',
  'theory-line',
  'theory-marks',
  'seen',
  'unlearned',
]

function viewOf({ title, x, y, layers }: PlotPanel, paint: Paint): object {
  const place = { x: channelOf(x, 'x'), y: channelOf(y, 'y') }
  const least = y.kind === 'log' ? Math.min(y.from, y.to) : null
  const views = KINDS.flatMap((kind) => {
    const some = layers.filter((layer) => layer.kind === kind)
    const rows = some.map((layer) => rowsOf(layer, least)).filter((each) => each.length > 0)
    return rows.length === 0 ? [] : viewsOf(kind, rows, some.flatMap(foretoldRows), place, paint)
  })
  return { title, width: 480, height: 320, layer: views }
}

interface Channels {
  readonly x: object
  readonly y: object
}

const TOOLTIP = ['series', 'source', 'x', 'y'].map((field) => ({ field }))
const ANSWER = ['answer', 'source', 'x', 'y'].map((field) => ({ field }))
const DOT = { type: 'point', filled: true, size: 60, opacity: 1 }
const DASHED = { type: 'line', clip: true, strokeWidth: 1.6, strokeDash: [7, 5] }

/** @param each rows of each layer of one kind */
function viewsOf(
  kind: Layer['kind'],
  each: readonly (readonly Row[])[],
  foretold: readonly Row[],
  place: Channels,
  { series: color, answer }: Paint,
): object[] {
  const rows = each.flat()
  const data = { values: rows }
  const alongX = { order: { field: 'x' } }
  const span = { x2: { field: 'x2' }, y2: { field: 'y2' } }
  const inner = {
    data: { values: foretold },
    mark: { ...DOT, shape: 'square', size: 30 },
    encoding: { ...place, color: answer, tooltip: ANSWER },
  }
  const withInner = (view: object) => (foretold.length === 0 ? [view] : [view, inner])
  switch (kind) {
    case 'cells':
      return withInner({
        data,
        mark: 'rect',
        encoding: { ...place, ...span, color: answer, tooltip: ANSWER },
      })
    case 'answers':
      return withInner({ data, mark: DOT, encoding: { ...place, color: answer, tooltip: ANSWER } })
    case 'area':
      return each.map((values) => ({
        data: { values },
        mark: { type: 'area', opacity: 0.16 },
        encoding: { ...place, y2: span.y2, color: answer },
      }))
    case 'contour':
      return each.map((values) => ({
        data: { values: values.map((row, order) => ({ ...row, order })) },
        mark: { ...DASHED, color: INK },
        encoding: { ...place, order: { field: 'order' } },
      }))
    case 'level':
      return [{ data, mark: { type: 'rule', clip: true }, encoding: { y: place.y } }]
    case 'seen-line':
      return [
        {
          data,
          mark: { type: 'line', strokeWidth: 5.5, opacity: 0.4 },
          encoding: { ...place, color, ...alongX },
        },
      ]
    case 'theory-line':
      return [{ data, mark: DASHED, encoding: { ...place, color, ...alongX } }]
    case 'theory-marks': {
      const bar = { type: 'tick', orient: 'horizontal', color: INK, thickness: 2, size: 22 }
      return [{ data, mark: bar, encoding: { ...place, tooltip: TOOLTIP } }]
    }
    case 'seen': {
      const whole = rows.filter((row) => 'low' in row)
      const y = { ...place.y, field: 'low' }
      const whisker = {
        data: { values: whole },
        mark: { type: 'rule', clip: true, strokeWidth: 1.8 },
        encoding: { ...place, y, y2: { field: 'high' }, color },
      }
      const dots = { data, mark: DOT, encoding: { ...place, color, tooltip: TOOLTIP } }
      return whole.length === 0 ? [dots] : [whisker, dots]
    }
    case 'unlearned': {
      const ring = { type: 'point', filled: false, size: 50 }
      return [{ data, mark: ring, encoding: { x: place.x, y: { value: 0 }, color, tooltip: TOOLTIP } }]
    }
  }
}

function channelOf({ title, kind, from, to, ticks }: PlotAxis, field: string): object {
  const scale = {
    type: kind,
    domain: [Math.min(from, to), Math.max(from, to)],
    nice: false,
    ...(kind === 'linear' && { zero: false }),
    ...(from > to && { reverse: true }),
  }
  const axis =
    ticks === undefined
      ? {}
      : {
          axis: {
            values: ticks.map(({ at }) => at),
            labelExpr: `(${JSON.stringify(Object.fromEntries(ticks.map(({ at, label }) => [String(at), label])))})[datum.value]`,
          },
        }
  return { field, type: 'quantitative', title, scale, ...axis }
}
