import { INK } from '../../colours.ts'
import { curveLayers, VEGA_LITE } from '../../vega.ts'
import { smallPanels } from './amplitudes.ts'
import { PLOTS } from './figure.ts'
import { kindsFor } from './kinds.ts'
import type { Answered, Layer, Place, Plot, PlotAxis, PlotPanel } from './plot.ts'
import {
  commonSettings,
  missingRuns,
  specHash,
  sweepProvenance,
  sweepTitle,
  verdictLines,
} from './sweep-caption.ts'
import type { SweepDrawing } from './sweep-drawing.ts'

/**
 * The figure of a sweep as a Vega-Lite specification (versions 5 and 6) with its data inline, what the SVG shows and no more. Rows
 * of `source` measured and theory lie in one view.
 */
export function sweepVega(drawing: SweepDrawing): object {
  const kind = drawing.kind ?? kindsFor(drawing.spec, drawing.analysis)[0]!
  if (kind === 'amplitudes') {
    const { panels, columns, notes } = smallPanels(drawing)
    const views = panels.map((panel) => ({
      title: panel.title,
      width: 420,
      height: 260,
      ...curveLayers(panel),
    }))
    const resolve = { scale: { color: 'independent' } }
    return { ...headOf(drawing, 'Amplitude / fixed point over time', notes), columns, concat: views, resolve }
  }
  const plot: Plot = PLOTS[kind](drawing)
  const views = plot.panels.map((panel) => viewOf(panel, plot))
  return { ...headOf(drawing, plot.subject, plot.notes), columns: plot.columns, concat: views }
}

function headOf(drawing: SweepDrawing, subject: string, notes: readonly string[]): object {
  const { id, spec, analysis } = drawing
  const verdict = verdictLines(drawing)
  const missing = missingRuns(drawing.runs)
  const subtitle = [
    [subject, commonSettings(spec)].filter((part) => part !== '').join(' — '),
    ...(verdict === null ? [] : [verdict.statement, verdict.because]),
    ...notes,
    ...(missing === null ? [] : [missing]),
    sweepProvenance(drawing),
  ]
  const kept = analysis.verdict === undefined ? {} : { verdict: analysis.verdict }
  return {
    ...VEGA_LITE,
    title: { text: sweepTitle(drawing), subtitle, anchor: 'start' },
    usermeta: { id, spec, specHash: specHash(spec), runs: drawing.runs.length, ...kept },
  }
}

function viewOf({ title, x, y, layers }: PlotPanel, { legend }: Plot): object {
  const place = { x: channelOf(x, 'x'), y: channelOf(y, 'y') }
  const views = KINDS.flatMap((kind) => {
    const some = layers.filter((layer) => layer.kind === kind)
    return some.length === 0 ? [] : layerViews(some, place, legend)
  })
  return { title, width: 480, height: 320, layer: views }
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

type Channels = { readonly x: object; readonly y: object }

/** Layers of one kind as one or two views. */
function layerViews(layers: readonly Layer[], place: Channels, legend: Plot['legend']): object[] {
  const rows = layers.flatMap(rowsOf)
  if (rows.length === 0) return []
  const data = { values: rows }
  const color = colourOf(layers, legend)
  const tooltip = ['series', 'source', 'x', 'y'].map((field) => ({ field }))
  switch (layers[0]!.kind) {
    case 'cells': {
      const spans = { ...place, x2: { field: 'x2' }, y2: { field: 'y2' } }
      const cells = {
        data,
        mark: 'rect',
        encoding: { ...spans, color: literal('colour'), tooltip: ANSWERS },
      }
      return [cells, ...foretoldViews(rows, place)]
    }
    case 'area':
      return layers.map((layer) => ({
        data: { values: rowsOf(layer) },
        mark: { type: 'area', opacity: 0.16 },
        encoding: { ...place, y2: { field: 'y2' }, color: literal('colour') },
      }))
    case 'answers':
      return [
        {
          data,
          mark: { type: 'point', filled: true, size: 60, opacity: 1 },
          encoding: { ...place, color: literal('colour'), tooltip: ANSWERS },
        },
        ...foretoldViews(rows, place),
      ]
    case 'contour':
      return layers.map((layer) => ({
        data: { values: rowsOf(layer).map((row, order) => ({ ...row, order })) },
        mark: { type: 'line', strokeWidth: 1.6, strokeDash: [7, 5], color: INK },
        encoding: { ...place, order: { field: 'order' } },
      }))
    case 'level':
      return [{ data, mark: 'rule', encoding: { y: place.y } }]
    case 'seen-line':
      return [
        {
          data,
          mark: { type: 'line', strokeWidth: 5.5, opacity: 0.4 },
          encoding: { ...place, color, order: { field: 'x' } },
        },
      ]
    case 'theory-line':
      return [
        {
          data,
          mark: { type: 'line', clip: true, strokeWidth: 1.6, strokeDash: [7, 5] },
          encoding: { ...place, color, order: { field: 'x' } },
        },
      ]
    case 'theory-marks':
      return [
        {
          data,
          mark: { type: 'tick', orient: 'horizontal', color: INK, thickness: 2 },
          encoding: { ...place, tooltip },
        },
      ]
    case 'seen': {
      const dots = {
        data,
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: { ...place, color, tooltip },
      }
      const whole = rows.filter((row) => 'low' in row)
      if (whole.length === 0) return [dots]
      const span = { ...place, y: { ...place.y, field: 'low' }, y2: { field: 'high' }, color }
      return [{ data: { values: whole }, mark: { type: 'rule', clip: true }, encoding: span }, dots]
    }
    case 'unlearned':
      return [
        {
          data,
          mark: { type: 'point', filled: false, size: 50 },
          encoding: { x: place.x, y: { value: 0 }, color, tooltip },
        },
      ]
  }
}

const ANSWERS = ['answer', 'theory', 'x', 'y'].map((field) => ({ field }))

const literal = (field: string) => ({ field, type: 'nominal', scale: null })

/** Theory's answer as a smaller mark on the measured one. */
function foretoldViews(rows: readonly Row[], place: Channels): object[] {
  const told = rows
    .filter((row) => 'theory' in row)
    .map((row) => ({ ...row, x: row.xm ?? row.x, y: row.ym ?? row.y }))
  if (told.length === 0) return []
  const mark = { type: 'point', shape: 'square', filled: true, size: 30, opacity: 1 }
  return [
    { data: { values: told }, mark, encoding: { ...place, color: literal('foretold'), tooltip: ANSWERS } },
  ]
}

function colourOf(layers: readonly Layer[], legend: Plot['legend']): object {
  const colours = new Map(legend.map(({ name, colour }) => [name, colour]))
  for (const layer of layers) {
    if ('series' in layer && 'colour' in layer && !colours.has(layer.series))
      colours.set(layer.series, layer.colour)
  }
  return {
    field: 'series',
    type: 'nominal',
    title: null,
    sort: null,
    scale: { domain: [...colours.keys()], range: [...colours.values()] },
  }
}

type Row = Readonly<Record<string, string | number>>

function rowsOf(layer: Layer): Row[] {
  const placed = (source: string, series: string, [x, y]: Place): Row => ({ series, source, x, y })
  switch (layer.kind) {
    case 'cells':
      return layer.cells.map((cell) => ({
        x: cell.x[0],
        x2: cell.x[1],
        y: cell.y[0],
        y2: cell.y[1],
        xm: middleOf(cell.x),
        ym: middleOf(cell.y),
        ...answerRow(cell),
      }))
    case 'area': {
      const { colour, answer } = layer
      return layer.points.map(({ x, from, to }) => ({ x, y: from, y2: to, colour, answer }))
    }
    case 'answers':
      return layer.points.map((point) => ({ x: point.at[0], y: point.at[1], ...answerRow(point) }))
    case 'level':
      return [{ y: layer.y }]
    case 'seen-line':
      return layer.points.map((at) => placed('measured', layer.series, at))
    case 'theory-line':
    case 'theory-marks':
    case 'contour':
      return layer.points.map((at) => placed('theory', layer.series, at))
    case 'seen':
      return layer.points.map(({ at, interval }) => ({
        ...placed('measured', layer.series, at),
        ...(interval != null && { low: interval[0], high: interval[1] }),
      }))
    case 'unlearned':
      return layer.points.map((x) => ({ series: layer.series, source: 'measured', x }))
  }
}

function answerRow({ colour, answer, foretold }: Answered): Row {
  return {
    colour,
    answer,
    ...(foretold !== undefined && { foretold: foretold.colour, theory: foretold.answer }),
  }
}

/** Where a cell's inner mark stands: half-way, in ratio where both ends are above 0 and far apart. */
function middleOf([from, to]: Place): number {
  return from > 0 && to / from > 1.5 ? Math.sqrt(from * to) : (from + to) / 2
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
