import type { Objective } from '../../../experiment/spec.ts'
import { type Facet, facetsOf, isScattered } from './facets.ts'
import { type FeatureSign, featuresOf } from './features.ts'
import type { Layer, Place, Plot, PlotAnswer } from './plot.ts'
import { axisAlong, rankAxis } from './plot-axes.ts'
import { leftOut, longestNumberAxis, seedNotes, signsOf, thinningNotes } from './plot-parts.ts'
import { type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes, sweepAxis } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

const MOST_PLACES = 40
const MANY = 25 // places beyond which marks are small

/**
 * The place of each feature in the order of learning, measured on theory's, along an axis of the sweep. Where the
 * objective is the only axis it is the one along the panel, and lines that cross are an inversion.
 */
export function plotOrder(drawing: SweepDrawing): Plot {
  const { spec, runs } = drawing
  const finished = runs.filter(hasResult)
  const axes = sweepAxes(spec, runs)
  const x = longestNumberAxis(axes) ?? nameAxis(drawing)
  const features = featuresOf(spec, finished)
  const spots = x.path === 'seed' ? finished.flatMap((run) => spotsOf(spec, [run])) : spotsOf(spec, runs)
  const along = spots.filter(({ point }) => x.placeOf(point) !== null)
  const objectiveOf = ({ objective }: Spot): Objective | null => (x.path === 'objective' ? null : objective)
  const { facets, columns, notes } = facetsOf(spec, axes, [x], along, objectiveOf)
  const panels = facets.map((facet) => {
    const sorted = facet.items.toSorted((a, b) => x.placeOf(a.point)! - x.placeOf(b.point)!)
    const items = thinned(sorted, MOST_PLACES)
    const isJoined = !isScattered(spec) && items.length > 1
    const places = [...new Set(items.map(({ point }) => x.placeOf(point)!))]
    return {
      title: facet.title,
      x: axisAlong(x, places),
      y: rankAxis(lastRank(items, features.signs)),
      layers: [
        ...(isJoined ? joinedLayers : looseLayers)({ ...facet, items }, features.signs, x),
        ...features.signs.map((sign) => unlearnedLayer({ ...facet, items }, sign, x)),
      ],
    }
  })
  return {
    subject: `Order of learning by ${x.title}`,
    columns,
    panels,
    legend: features.signs,
    signs: signsOf(panels),
    notes: [...notes, ...thinningNotes(facets, MOST_PLACES, x), ...seedNotes(spots), ...leftOut(features)],
  }
}

function nameAxis({ spec, runs }: SweepDrawing): SweepAxis {
  return sweepAxis('objective' in spec.axes ? 'objective' : 'seed', spec, runs)
}

/** Measured lines of each feature through its places under theory's. */
function joinedLayers({ items }: Facet<Spot>, signs: readonly FeatureSign[], x: SweepAxis): Layer[] {
  const along = (index: number, ranksOf: (spot: Spot) => readonly (number | null)[]) =>
    items.flatMap((spot): Place[] => {
      const rank = ranksOf(spot)[index]
      return rank == null ? [] : [[x.placeOf(spot.point)!, rank]]
    })
  const lines = signs.map(({ index, name: series, colour }) => ({
    series,
    colour,
    seen: along(index, ({ ranks }) => ranks),
    pieces: piecesOf(items.map(({ point, ranks }) => [x.placeOf(point)!, ranks[index] ?? null])),
    foretold: along(index, ({ predictedRanks }) => predictedRanks),
  }))
  const small = items.length > MANY
  return [
    ...lines.flatMap(({ series, colour, pieces, foretold }): Layer[] => [
      ...pieces.map((points): Layer => ({ kind: 'seen-line', series, colour, points })),
      { kind: 'theory-line', series, colour, points: foretold },
    ]),
    ...lines.map(
      ({ series, colour, seen }): Layer => ({
        kind: 'seen',
        series,
        colour,
        small,
        points: seen.map((at) => ({ at })),
      }),
    ),
  ]
}

/** Stretches without a gap. */
function piecesOf(places: readonly (readonly [number, number | null])[]): Place[][] {
  const pieces: Place[][] = [[]]
  for (const [at, rank] of places) {
    if (rank === null) pieces.push([])
    else pieces.at(-1)!.push([at, rank])
  }
  return pieces.filter((piece) => piece.length > 1)
}

/** At each place the feature measured there, and inside it the one that theory puts there. */
function looseLayers({ items }: Facet<Spot>, signs: readonly FeatureSign[], x: SweepAxis): Layer[] {
  const signAt = (ranks: readonly (number | null)[], place: number) =>
    signs.find(({ index }) => Math.round(ranks[index] ?? 0) === place)
  const points = items.flatMap((spot) =>
    signs.flatMap((_, k): PlotAnswer[] => {
      const [seen, foretold] = [signAt(spot.ranks, k + 1), signAt(spot.predictedRanks, k + 1)]
      if (seen === undefined) return []
      const said = foretold && { foretold: { colour: foretold.colour, answer: foretold.name } }
      return [{ at: [x.placeOf(spot.point)!, k + 1], colour: seen.colour, answer: seen.name, ...said }]
    }),
  )
  return [{ kind: 'answers', points }]
}

/** Where theory expects a feature that no run learned, or has nothing to say of any. */
function unlearnedLayer({ items }: Facet<Spot>, { index, name, colour }: FeatureSign, x: SweepAxis): Layer {
  const isExpected = ({ predictedRanks }: Spot) =>
    predictedRanks[index] != null || predictedRanks.every((rank) => rank == null)
  const missing = items.filter((spot) => spot.ranks[index] == null && isExpected(spot))
  return { kind: 'unlearned', series: name, colour, points: missing.map(({ point }) => x.placeOf(point)!) }
}

/** The lowest place that is drawn; features that are not drawn may stand between those that are. */
function lastRank(items: readonly Spot[], signs: readonly FeatureSign[]): number {
  const ranks = items.flatMap((spot) =>
    signs.flatMap(({ index }) => [spot.ranks[index] ?? 1, spot.predictedRanks[index] ?? 1]),
  )
  return Math.ceil(Math.max(signs.length, 1, ...ranks))
}
