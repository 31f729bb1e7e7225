import { plotBoundary } from './boundary-plot.ts'
import { contours } from './contour.ts'
import { type Facet, facetsOf, isScattered } from './facets.ts'
import { type Read, type Reading, readingOf } from './phase-reading.ts'
import type { Answered, Layer, Plot, PlotCell, PlotPanel, Sign } from './plot.ts'
import { axisAlong, edgesOf } from './plot-axes.ts'
import { seedNotes } from './plot-parts.ts'
import { type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import type { SweepDrawing } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

const MOST_SIDE = 60 // cells along an axis
const MOST_SCATTERED = 1500

/** Two axes of a sweep and what its runs answer there; of a boundary search the boundary. */
export function plotPhase(drawing: SweepDrawing): Plot {
  const { spec, runs } = drawing
  if (spec.search === 'boundary') return plotBoundary(drawing)
  const axes = sweepAxes(spec, runs)
  const [x, y] = phaseAxes(axes)
  const spots = spotsOf(spec, runs)
  const reading = readingOf(drawing, spots)
  const { facets, columns, notes } = facetsOf(spec, axes, [x, y], spots, ({ objective }) => objective)
  const isLoose = isScattered(spec)
  const panels = facets.map((facet) => (isLoose ? scatter : grid)(facet, x, y, reading))
  return {
    subject: reading.subject,
    columns,
    panels,
    legend: reading.legend,
    signs: signsOf(panels, reading),
    notes: [
      ...notes,
      ...(isLoose ? looseNotes(facets) : gridNotes(x, y)),
      ...silentNotes(spots, reading),
      ...seedNotes(spots),
    ],
  }
}

function signsOf(panels: readonly PlotPanel[], { sign }: Reading): Sign[] {
  const layers = panels.flatMap((panel) => panel.layers)
  const differs = (answers: readonly Answered[]) => answers.some(({ foretold }) => foretold !== undefined)
  const isLoose = layers.some((layer) => layer.kind === 'answers')
  const hasInner = layers.some(
    (layer) =>
      (layer.kind === 'cells' && differs(layer.cells)) || (layer.kind === 'answers' && differs(layer.points)),
  )
  return [
    isLoose ? 'answer' : 'cell',
    ...(layers.some((layer) => layer.kind === 'contour') ? [sign] : []),
    ...(hasInner ? ([isLoose ? 'theory-answer' : 'theory-cell'] as const) : []),
  ]
}

function gridNotes(x: SweepAxis, y: SweepAxis): string[] {
  if (Math.max(x.places.length, y.places.length) <= MOST_SIDE) return []
  const all = `${x.places.length} × ${y.places.length}`
  return [`Thinned: of ${all} cells at most ${MOST_SIDE} along an axis are drawn.`]
}

function looseNotes(facets: readonly Facet<Spot>[]): string[] {
  const most = facets.reduce((n, { items }) => Math.max(n, items.length), 0)
  return most > MOST_SCATTERED ? [`Thinned: ${MOST_SCATTERED} of ${most} points are drawn in a panel.`] : []
}

function silentNotes(spots: readonly Spot[], { read }: Reading): string[] {
  const silent = spots.filter((spot) => read(spot) === null).length
  return silent === 0
    ? []
    : [`At ${silent} of ${spots.length} points no feature was learned in the run; they are left out.`]
}

/** The two axes with the most values, in the order of the spec. */
function phaseAxes(axes: readonly SweepAxis[]): [SweepAxis, SweepAxis] {
  const longest = axes.toSorted((a, b) => b.places.length - a.places.length).slice(0, 2)
  const [x, y] = axes.filter((axis) => longest.includes(axis))
  if (x === undefined || y === undefined) throw new RangeError('A phase diagram needs two axes.')
  return [x, y]
}

function grid({ title, items }: Facet<Spot>, x: SweepAxis, y: SweepAxis, reading: Reading): PlotPanel {
  const [across, up] = [thinned(x.places, MOST_SIDE), thinned(y.places, MOST_SIDE)]
  const [left, low] = [edgesOf(x, across), edgesOf(y, up)]
  const [column, row] = [indexOf(across), indexOf(up)]
  const table: (Spot | undefined)[][] = across.map(() => [])
  const found = items.flatMap((spot): (PlotCell & Read)[] => {
    const [i, j] = [column.get(x.placeOf(spot.point)!), row.get(y.placeOf(spot.point)!)]
    if (i === undefined || j === undefined) return []
    table[i]![j] = spot
    const answered = reading.read(spot)
    return answered === null ? [] : [{ ...answered, x: [left[i]!, left[i + 1]!], y: [low[j]!, low[j + 1]!] }]
  })
  const within = (axis: SweepAxis, places: readonly number[], edges: readonly number[]) => ({
    ...axisAlong(axis, places),
    from: edges[0]!,
    to: edges.at(-1)!,
  })
  const lines =
    x.kind === 'names' || y.kind === 'names' ? [] : theoryLines(table, [across, up], [x, y], reading)
  // Where theory's line passes, its answer is seen on either side of it; else each cell carries its own.
  const cells = found.map(({ isOff, foretold, ...cell }) =>
    foretold !== undefined && (isOff || lines.length === 0) ? { ...cell, foretold } : cell,
  )
  return {
    title,
    x: within(x, across, left),
    y: within(y, up, low),
    layers: [{ kind: 'cells', cells }, ...lines],
  }
}

const indexOf = (places: readonly number[]) => new Map(places.map((place, k) => [place, k]))

type Two<T> = readonly [T, T]

function theoryLines(
  table: readonly (readonly (Spot | undefined)[])[],
  [across, up]: Two<readonly number[]>,
  [x, y]: Two<SweepAxis>,
  { fields }: Reading,
): Layer[] {
  return fields.flatMap(({ name, of, levels }) => {
    const field = across.map((_, i) =>
      up.map((_, j) => {
        const spot = table[i]![j]
        return spot === undefined ? null : of(spot)
      }),
    )
    return levels
      .flatMap((level) => contours(field, level))
      .map(
        (line): Layer => ({
          kind: 'contour',
          series: name,
          points: line.map(([i, j]) => [between(x, across, i), between(y, up, j)] as const),
        }),
      )
  })
}

/** The place on an axis of a grid coordinate. */
function between({ kind }: SweepAxis, places: readonly number[], at: number): number {
  const k = Math.min(Math.floor(at), places.length - 2)
  const [from, to] = [places[k]!, places[k + 1]!]
  return kind === 'log' ? from * (to / from) ** (at - k) : from + (at - k) * (to - from)
}

function scatter({ title, items }: Facet<Spot>, x: SweepAxis, y: SweepAxis, { read }: Reading): PlotPanel {
  const points = thinned(items, MOST_SCATTERED).flatMap((spot) => {
    const answered = read(spot)
    const at = [x.placeOf(spot.point)!, y.placeOf(spot.point)!] as const
    if (answered === null) return []
    const { isOff: _, ...said } = answered
    return [{ ...said, at }]
  })
  return { title, x: axisAlong(x), y: axisAlong(y), layers: [{ kind: 'answers', points }] }
}
