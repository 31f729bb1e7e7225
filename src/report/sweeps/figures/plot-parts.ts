import type { Facet } from './facets.ts'
import type { Features } from './features.ts'
import type { Layer, PlotPanel, Sign } from './plot.ts'
import type { Spot } from './spots.ts'
import type { SweepAxis } from './sweep-axes.ts'

/** What the plots of a sweep have in common. */

/** The axis that a curve runs along: the numbers of which there are most, else the first axis. */
export function longestNumberAxis(axes: readonly SweepAxis[]): SweepAxis | undefined {
  const numbers = axes.filter(({ kind, places }) => kind !== 'names' && places.length > 1)
  const [first] = numbers.toSorted((a, b) => b.places.length - a.places.length)
  return first ?? axes.find(({ places }) => places.length > 1) ?? axes[0]
}

/** The key of what the panels hold. */
export function signsOf(panels: readonly PlotPanel[]): Sign[] {
  const layers = panels.flatMap((panel) => panel.layers)
  const has = (kind: Layer['kind']) =>
    layers.some((layer) => layer.kind === kind && 'points' in layer && layer.points.length > 0)
  const hasInterval = layers.some(
    (layer) => layer.kind === 'seen' && layer.points.some(({ interval }) => interval != null),
  )
  const hasForetold = layers.some(
    (layer) => layer.kind === 'answers' && layer.points.some(({ foretold }) => foretold !== undefined),
  )
  const isForetold = has('theory-line') || has('theory-marks')
  const found: [Sign, boolean][] = [
    ['measured', has('seen')],
    ['measured-line', has('seen-line')],
    ['interval', hasInterval],
    ['theory-line', has('theory-line')],
    ['theory-mark', has('theory-marks')],
    ['answer', has('answers')],
    ['theory-answer', hasForetold],
    ['unlearned', has('unlearned') && isForetold],
    ['not-learned', has('unlearned') && !isForetold],
  ]
  return found.filter(([, isThere]) => isThere).map(([sign]) => sign)
}

/** Moves series aside by a little where their intervals would cover each other. */
export function apart(layers: readonly Layer[]): Layer[] {
  const seen = layers.filter((layer) => layer.kind === 'seen')
  const hasInterval = seen.some(({ points }) => points.some(({ interval }) => interval != null))
  if (!hasInterval || seen.length < 2) return [...layers]
  const most = seen.reduce((n, { points }) => Math.max(n, points.length), 1)
  const step = Math.min(ASIDE, WIDTH / (most * seen.length))
  const places = seen.map(({ series }) => series)
  return layers.map((layer) =>
    layer.kind === 'seen' || layer.kind === 'unlearned'
      ? { ...layer, shift: (places.indexOf(layer.series) - (places.length - 1) / 2) * step }
      : layer,
  )
}

const ASIDE = 6 // units of the page
const WIDTH = 300 // of a panel, to be shared by all

export function seedNotes(spots: readonly Spot[]): string[] {
  const most = spots.reduce((n, { runs }) => Math.max(n, runs.length), 0)
  if (most < 2) return []
  const someFail = spots.some(({ runs, times }) => times.some(({ n }) => n > 0 && n < runs.length))
  const those = someFail ? ' that learn the feature' : ''
  const isForetold = spots.some(({ predicted }) => predicted.some((time) => time !== null))
  return [
    `Points are means over up to ${most} seeds${those}${isForetold ? ', measured beside predicted' : ''}.`,
  ]
}

/** Of nets, whose start may tell of features already. */
export function startNotes(spots: readonly Spot[]): string[] {
  const isOfNets = spots.some(({ runs }) =>
    runs.some(({ orderCorrelation }) => orderCorrelation !== undefined),
  )
  const there = spots.filter(({ times }) => times.some(({ mean }) => mean === 0)).length
  return isOfNets && there > 0
    ? [
        `At ${there} of ${spots.length} points a feature was there from the start in half of the seeds or more, which a log axis does not show.`,
      ]
    : []
}

export function thinningNotes(facets: readonly Facet<Spot>[], most: number, { title }: SweepAxis): string[] {
  const longest = Math.max(0, ...facets.map(({ items }) => items.length))
  return longest > most ? [`Thinned: ${most} of ${longest} points along ${title} are drawn in a panel.`] : []
}

export function leftOut({ signs, count, by }: Features): string[] {
  return signs.length < count ? [`${signs.length} of ${count} features are drawn: the first that ${by}.`] : []
}
