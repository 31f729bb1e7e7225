import type { Objective } from '../../../experiment/spec.ts'
import { INK } from '../../colours.ts'
import { type Facet, facetsOf, isScattered } from './facets.ts'
import { type FeatureSign, featuresOf } from './features.ts'
import type { Layer, Place, Plot } from './plot.ts'
import { axisAlong, rankAxis } from './plot-axes.ts'
import { leftOut, longestNumberAxis, seedNotes, signsOf, thinningNotes } from './plot-parts.ts'
import { type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes, sweepAxis } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

const MOST_PLACES = 40

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
    const places = [...new Set(items.map(({ point }) => x.placeOf(point)!))]
    return {
      title: facet.title,
      x: axisAlong(x, places),
      y: rankAxis(features.signs.length),
      layers: layersOf({ ...facet, items }, features.signs, x, isScattered(spec)),
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

function layersOf(
  { items }: Facet<Spot>,
  signs: readonly FeatureSign[],
  x: SweepAxis,
  scattered: boolean,
): Layer[] {
  const places = (ranks: (spot: Spot) => readonly (number | null)[], index: number): Place[] =>
    items.flatMap((spot) => {
      const rank = ranks(spot)[index]
      return rank == null ? [] : [[x.placeOf(spot.point)!, rank]]
    })
  const ofFeature = signs.map(({ index, name, colour }) => {
    const seen = places((spot) => spot.ranks, index)
    const foretold = places((spot) => spot.predictedRanks, index)
    const missing = items.filter((spot) => spot.ranks[index] == null && spot.predictedRanks[index] != null)
    return { series: name, colour, seen, foretold, missing: missing.map(({ point }) => x.placeOf(point)!) }
  })
  const joined = !scattered && items.length > 1
  return [
    ...ofFeature.flatMap(({ series, colour, seen, foretold }): Layer[] =>
      joined
        ? [
            { kind: 'seen-line', series, colour, points: seen },
            { kind: 'theory-line', series, colour: INK, points: foretold },
          ]
        : [],
    ),
    ...ofFeature.flatMap(({ series, foretold }): Layer[] =>
      joined ? [] : [{ kind: 'theory-marks', series, small: items.length > 25, points: foretold }],
    ),
    ...ofFeature.map(
      ({ series, colour, seen }): Layer => ({
        kind: 'seen',
        series,
        colour,
        small: items.length > 25,
        points: seen.map((at) => ({ at })),
      }),
    ),
    ...ofFeature.map(
      ({ series, colour, missing }): Layer => ({ kind: 'unlearned', series, colour, points: missing }),
    ),
  ]
}
