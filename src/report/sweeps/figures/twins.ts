import type { Mean, Point, SweepRun, SweepTwins } from '../../../experiment/sweep-view.ts'
import { spreadOf } from '../twins.ts'
import { facetsOf, isScattered } from './facets.ts'
import { type FeatureSign, featuresOf } from './features.ts'
import type { Layer, Place, Plot, PlotAxis, PlotPanel, Seen } from './plot.ts'
import { aside, axisAlong, linearAxis } from './plot-axes.ts'
import { apart, leftOut, longestNumberAxis, signsOf } from './plot-parts.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

const MOST_PLACES = 60
const INK_SERIES = '#3b528b'

/**
 * JEPA minus MAE on the same data, start and draws: greedy index, spread of the critical times, of nets how the order goes with ρ,
 * and each critical time.
 */
export function plotTwins(drawing: SweepDrawing): Plot {
  const { spec, runs, analysis } = drawing
  const axes = sweepAxes(spec, runs)
  const x = longestNumberAxis(axes) ?? ONLY
  const byId = new Map(runs.map((run) => [run.id, run]))
  const twins = (analysis.twins ?? [])
    .filter(({ point }) => x.placeOf(point) !== null)
    .map((twin) => ({ ...twin, predicted: predictedOf(twin, byId) }))
  const features = featuresOf(spec, runs.filter(hasResult))
  const { facets, columns, notes } = facetsOf(spec, axes, [x], twins, () => null)
  const measures: Measure[] = [
    {
      title: 'greedy index',
      series: [{ ...WHOLE, seen: (t) => t.greedyIndex, foretold: (p) => p.greedyIndex }],
      within: [0],
    },
    twins.some(({ orderCorrelation }) => orderCorrelation !== undefined) ? CORRELATION : SPREAD,
    { title: 'log₁₀ of the critical time', series: features.signs.map(ofFeature), within: [] },
  ]
  const panelsOf = ({ title, items }: (typeof facets)[number]) => {
    const sorted = items.toSorted((a, b) => x.placeOf(a.point)! - x.placeOf(b.point)!)
    return measures.map((measure) =>
      panelOf(title, thinned(sorted, MOST_PLACES), measure, x, isScattered(spec)),
    )
  }
  const stacked = facets.map(panelsOf)
  const panels =
    facets.length > 1 ? measures.flatMap((_, k) => stacked.map((each) => each[k]!)) : stacked.flat()
  const longest = Math.max(0, ...facets.map(({ items }) => items.length))
  const most = Math.max(0, ...twins.map(({ pairs }) => pairs.length))
  return {
    subject: 'JEPA minus MAE on the same data, start and draws',
    columns: facets.length > 1 ? columns : measures.length,
    panels,
    legend: features.signs,
    signs: signsOf(panels),
    notes: [
      ...notes,
      ...(longest > MOST_PLACES
        ? [`Thinned: ${MOST_PLACES} of ${longest} points along ${x.title} are drawn.`]
        : []),
      ...(most > 1 ? [`Points are means of up to ${most} paired differences.`] : []),
      ...leftOut(features),
    ],
  }
}

/** For twins that differ in nothing but their seeds. */
const ONLY: SweepAxis = {
  path: '',
  name: '',
  title: 'all pairs',
  kind: 'names',
  places: [0],
  labels: [''],
  placeOf: () => 0,
  continuous: false,
}

interface Differences {
  readonly greedyIndex: number | null
  readonly spread: number | null
  readonly logTimes: readonly (number | null)[]
}

type Twin = SweepTwins & { readonly predicted: Differences }

interface Series {
  readonly name: string
  readonly colour: string
  readonly seen: (twin: SweepTwins) => Mean | undefined
  readonly foretold: (predicted: Differences) => number | null | undefined
}

interface Measure {
  readonly title: string
  readonly series: readonly Series[]
  /** What the axis holds whatever is drawn. */
  readonly within: readonly number[]
}

const WHOLE = { name: 'all features', colour: INK_SERIES }

const SPREAD: Measure = {
  title: 'spread (last − first) / last',
  series: [{ ...WHOLE, seen: (t) => t.spread, foretold: (p) => p.spread }],
  within: [0],
}

const CORRELATION: Measure = {
  title: 'rank correlation with falling ρ',
  series: [{ ...WHOLE, seen: (t) => t.orderCorrelation?.byRho, foretold: () => null }],
  within: [0],
}

function ofFeature({ index, name, colour }: FeatureSign): Series {
  return { name, colour, seen: (t) => t.logCriticalTimes[index], foretold: (p) => p.logTimes[index] }
}

function panelOf(
  slice: string,
  twins: readonly Twin[],
  { title, series, within }: Measure,
  x: SweepAxis,
  scattered: boolean,
): PlotPanel {
  const place = ({ point }: { point: Point }) => x.placeOf(point)!
  const layers = series.flatMap(({ name, colour, seen, foretold }, k): Layer[] => {
    const at = (twin: Twin) => place(twin) + aside(x, k, series.length)
    const expected = twins.flatMap((twin): Place[] => {
      const value = foretold(twin.predicted)
      return value == null ? [] : [[at(twin), value]]
    })
    const points = twins.flatMap((twin): Seen[] => {
      const mean = seen(twin)
      return mean?.mean == null ? [] : [{ at: [at(twin), mean.mean], interval: mean.interval }]
    })
    const theory: Layer =
      scattered || expected.length < 2 || x.kind === 'names'
        ? { kind: 'theory-marks', series: name, small: twins.length > 30, points: expected }
        : { kind: 'theory-line', series: name, colour, points: expected }
    return [theory, { kind: 'seen', series: name, colour, small: twins.length > 30, points }]
  })
  const places = [...new Set(twins.map(place))]
  return {
    title: [title, slice].filter((part) => part !== '').join(', '),
    x: axisAlong(x, places.length === 0 ? x.places : places),
    y: differenceAxis(layers, within),
    layers: [{ kind: 'level', y: 0 }, ...(x.kind === 'names' ? layers : apart(layers))],
  }
}

function differenceAxis(layers: readonly Layer[], within: readonly number[]): PlotAxis {
  const values = layers.flatMap((layer) => {
    if (layer.kind === 'seen')
      return layer.points.flatMap(({ at: [, y], interval }) => [y, ...(interval ?? [])])
    return layer.kind === 'theory-line' || layer.kind === 'theory-marks' ? layer.points.map(([, y]) => y) : []
  })
  return linearAxis('JEPA − MAE', values, within)
}

/** Theory's differences, mean over the pairs of a point. */
function predictedOf({ pairs }: SweepTwins, byId: ReadonlyMap<string, SweepRun>): Differences {
  const both = pairs.flatMap(({ jepa, mae }) => {
    const [a, b] = [byId.get(jepa), byId.get(mae)]
    return a === undefined || b === undefined ? [] : [[a, b] as const]
  })
  const mean = (of: (run: SweepRun) => number | null | undefined): number | null => {
    const differences = both.flatMap(([a, b]) => {
      const [x, y] = [of(a), of(b)]
      return x == null || y == null ? [] : [x - y]
    })
    return differences.length === 0
      ? null
      : differences.reduce((sum, each) => sum + each, 0) / differences.length
  }
  const d = both[0]?.[0].criticalTimes?.predicted.length ?? 0
  return {
    greedyIndex: mean((run) => run.greedyIndex?.predicted),
    spread: mean((run) => spreadOf(run.criticalTimes?.predicted ?? [])),
    logTimes: Array.from({ length: d }, (_, i) => mean((run) => logOf(run.criticalTimes?.predicted[i]))),
  }
}

function logOf(time: number | null | undefined): number | null {
  return time == null || !(time > 0) ? null : Math.log10(time)
}
