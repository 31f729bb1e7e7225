import { type Facet, facetsOf, isScattered } from './facets.ts'
import { featuresOf } from './features.ts'
import type { Layer, Plot, PlotPanel } from './plot.ts'
import { linearAxis, logAxis } from './plot-axes.ts'
import { leftOut, longestNumberAxis, seedNotes, signsOf, startNotes, thinningNotes } from './plot-parts.ts'
import { type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
import { theoryAlong } from './theory-curve.ts'
import { thinned } from './thin.ts'
import {
  endsOff,
  endsPanels,
  greedyPanel,
  isUnresolved,
  keptPanel,
  type Row,
  type Track,
  trackPanel,
} from './tracks.ts'

const MOST_PLACES = 60 // values of the axis in a panel
const MOST_SCATTERED = 250
const UNRESOLVED = 0.06 // of the axis: features that lie closer get a row that shows their distance

const OFF = 0.05 // of the fixed point: amplitudes that end further away get a row that shows it

const TIMES: Row = {
  title: 'critical time t* (flow time), log axis',
  value: (time) => time,
  axis: logAxis,
}

const GAPS: Row = {
  title: 'critical time / the earliest predicted',
  value: (time, first) => (first === null ? null : time / first),
  axis: linearAxis,
}

/** Critical time of each feature over one axis of the sweep: measured points, theory's curve through them. */
export function plotCriticalTimes({ spec, runs }: SweepDrawing): Plot {
  const axes = sweepAxes(spec, runs)
  const x = longestNumberAxis(axes)
  if (x === undefined) throw new RangeError('Critical times need an axis to stand over.')
  const spots = spotsOf(spec, runs).filter(({ point }) => x.placeOf(point) !== null)
  const features = featuresOf(spec, runs.filter(hasResult))
  const { facets, columns, notes } = facetsOf(spec, axes, [x], spots, ({ objective }) => objective)
  const isLoose = isScattered(spec)
  const most = isLoose ? MOST_SCATTERED : MOST_PLACES
  const tracks = facets.map((facet) => trackOf(facet, x, most, spec))
  const rowOf = (row: Row) => tracks.map((track) => trackPanel(track, features.signs, row))
  const areNets = spots.some(({ kept }) => kept.length > 0)
  const hasRoom = columns === facets.length && !isLoose
  const showsGaps = hasRoom && tracks.some((track) => isUnresolved(track, UNRESOLVED))
  const showsEnds = hasRoom && tracks.some((track) => endsOff(track, features.signs, OFF))
  const showsGreed = hasRoom && x.path === 'init.scale' && !areNets
  const panels = [
    ...(areNets ? onOneScale(rowOf(TIMES)) : rowOf(TIMES)),
    ...(showsGaps ? rowOf(GAPS) : []),
    ...(showsGreed ? tracks.map(greedyPanel) : []),
    ...(showsEnds ? endsPanels(tracks, features.signs) : []),
    ...(areNets && hasRoom ? tracks.map((track) => keptPanel(track, features.signs)) : []),
  ]
  return {
    subject: `Critical time of each feature against ${x.title}`,
    columns,
    panels,
    legend: features.signs,
    signs: signsOf(panels),
    notes: [
      ...notes,
      ...thinningNotes(facets, most, x),
      ...seedNotes(spots),
      ...startNotes(spots),
      ...leftOut(features),
    ],
  }
}

/** Times of JEPA and MAE on one axis: a panel in which little is learned would have one of its own making. */
function onOneScale(panels: readonly PlotPanel[]): PlotPanel[] {
  const from = Math.min(...panels.flatMap(({ y, layers }) => (hasPoints(layers) ? [y.from] : [])))
  const to = Math.max(...panels.flatMap(({ y, layers }) => (hasPoints(layers) ? [y.to] : [])))
  return from < to ? panels.map((panel) => ({ ...panel, y: { ...panel.y, from, to } })) : [...panels]
}

function hasPoints(layers: readonly Layer[]): boolean {
  return layers.some((layer) => layer.kind === 'seen' && layer.points.length > 0)
}

function trackOf(facet: Facet<Spot>, x: SweepAxis, most: number, spec: SweepDrawing['spec']): Track {
  const sorted = facet.items.toSorted((a, b) => x.placeOf(a.point)! - x.placeOf(b.point)!)
  const items = thinned(sorted, most)
  const isCurve = !isScattered(spec) && x.kind !== 'names'
  const atSpots = items.map((spot) => ({ at: x.placeOf(spot.point)!, times: spot.predicted }))
  return { ...facet, items, x, isCurve, theory: isCurve ? theoryAlong(spec, x, items) : atSpots }
}
