import { coloursByRank, shade } from '../../colours.ts'
import { formatShort } from '../../ticks.ts'
import { plotBoundary } from './boundary-plot.ts'
import { type Facet, facetsOf, isScattered } from './facets.ts'
import { featuresOf } from './features.ts'
import type { Answered, LegendEntry, Plot, PlotCell, PlotPanel } from './plot.ts'
import { axisAlong, edgesOf } from './plot-axes.ts'
import { seedNotes } from './plot-parts.ts'
import { type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
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
  const { subject, legend, read } = readingOf(drawing, spots)
  const { facets, columns, notes } = facetsOf(spec, axes, [x, y], spots, ({ objective }) => objective)
  const draw = isScattered(spec) ? scatter : grid
  const longest = Math.max(x.places.length, y.places.length)
  const most = Math.max(0, ...facets.map(({ items }) => items.length))
  const isThinned = isScattered(spec) ? most > MOST_SCATTERED : longest > MOST_SIDE
  const told = isScattered(spec)
    ? `Thinned: ${MOST_SCATTERED} of ${most} points are drawn in a panel.`
    : `Thinned: of ${x.places.length} × ${y.places.length} cells at most ${MOST_SIDE} along each axis are drawn.`
  return {
    subject,
    columns,
    panels: facets.map((facet) => draw(facet, x, y, read)),
    legend,
    signs: isScattered(spec) ? ['answer', 'theory-answer'] : ['cell', 'theory-cell'],
    notes: [...notes, ...(isThinned ? [told] : []), ...seedNotes(spots)],
  }
}

/** The two axes with the most values, in the order of the spec. */
function phaseAxes(axes: readonly SweepAxis[]): [SweepAxis, SweepAxis] {
  const longest = axes.toSorted((a, b) => b.places.length - a.places.length).slice(0, 2)
  const [x, y] = axes.filter((axis) => longest.includes(axis))
  if (x === undefined || y === undefined) throw new RangeError('A phase diagram needs two axes.')
  return [x, y]
}

interface Reading {
  readonly subject: string
  readonly legend: readonly LegendEntry[]
  readonly read: (spot: Spot) => Answered | null
}

/** By the feature that comes first where that differs over the sweep, else by the greedy index. */
function readingOf({ spec, runs }: SweepDrawing, spots: readonly Spot[]): Reading {
  const firsts = [...new Set(spots.map((spot) => firstOf(spot.ranks)))].filter((i) => i !== null)
  if (firsts.length < 2) return greedyReading()
  const names = new Map(featuresOf(spec, runs.filter(hasResult)).signs.map((sign) => [sign.index, sign.name]))
  const indices = [...new Set([...firsts, ...spots.map((spot) => firstOf(spot.predictedRanks))])]
  const known = indices.filter((i) => i !== null).sort((a, b) => a - b)
  const colours = coloursByRank(known.map((i) => -i))
  const colourOf = (i: number) => colours[known.indexOf(i)]!
  const nameOf = (i: number) => names.get(i) ?? `feature ${i}`
  const answer = (i: number) => ({ colour: colourOf(i), answer: nameOf(i) })
  return {
    subject: 'Which feature is learned first',
    legend: known.map((i) => ({ name: `${nameOf(i)} first`, colour: colourOf(i) })),
    read: ({ ranks, predictedRanks }) => {
      const [seen, foretold] = [firstOf(ranks), firstOf(predictedRanks)]
      if (seen === null) return null
      return { ...answer(seen), ...(foretold !== null && { foretold: answer(foretold) }) }
    },
  }
}

function greedyReading(): Reading {
  const answer = (index: number) => ({
    colour: shade(1 - Math.min(1, Math.max(0, index))),
    answer: formatShort(index),
  })
  return {
    subject: 'Greedy index (1: one feature at a time, 0: all together)',
    legend: [0, 0.25, 0.5, 0.75, 1].map((index) => ({
      name: formatShort(index),
      colour: answer(index).colour,
    })),
    read: ({ greedy, predictedGreedy }) => {
      if (greedy.mean === null) return null
      const foretold = predictedGreedy === null ? {} : { foretold: answer(predictedGreedy) }
      return { ...answer(greedy.mean), ...foretold }
    },
  }
}

function firstOf(ranks: readonly (number | null)[]): number | null {
  const learned = ranks.flatMap((rank, i) => (rank === null ? [] : [{ rank, i }]))
  return learned.sort((a, b) => a.rank - b.rank)[0]?.i ?? null
}

function grid({ title, items }: Facet<Spot>, x: SweepAxis, y: SweepAxis, read: Reading['read']): PlotPanel {
  const [across, up] = [thinned(x.places, MOST_SIDE), thinned(y.places, MOST_SIDE)]
  const [left, top] = [edgesOf(x, across), edgesOf(y, up)]
  const cells = items.flatMap((spot): PlotCell[] => {
    const [i, j] = [across.indexOf(x.placeOf(spot.point)!), up.indexOf(y.placeOf(spot.point)!)]
    const answered = read(spot)
    if (i < 0 || j < 0 || answered === null) return []
    return [{ ...answered, x: [left[i]!, left[i + 1]!], y: [top[j]!, top[j + 1]!] }]
  })
  const within = (axis: SweepAxis, places: readonly number[], edges: readonly number[]) => ({
    ...axisAlong(axis, places),
    from: edges[0]!,
    to: edges.at(-1)!,
  })
  return {
    title,
    x: within(x, across, left),
    y: within(y, up, top),
    layers: [{ kind: 'cells', cells }],
  }
}

function scatter(
  { title, items }: Facet<Spot>,
  x: SweepAxis,
  y: SweepAxis,
  read: Reading['read'],
): PlotPanel {
  const points = thinned(items, MOST_SCATTERED).flatMap((spot) => {
    const answered = read(spot)
    return answered === null
      ? []
      : [{ ...answered, at: [x.placeOf(spot.point)!, y.placeOf(spot.point)!] as const }]
  })
  return { title, x: axisAlong(x), y: axisAlong(y), layers: [{ kind: 'answers', points }] }
}
