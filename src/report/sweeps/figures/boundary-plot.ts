import { canonicalJson } from '../../../experiment/identity.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Boundary, SweepRun } from '../../../experiment/sweep-view.ts'
import { INK } from '../../colours.ts'
import { boundaryOf } from '../boundary.ts'
import { answerOf, objectivesOf, parseQuestion } from '../question.ts'
import { boundaryCurve, type PlacedLine } from './boundary-curve.ts'
import { featureInText, featuresOf } from './features.ts'
import type { Layer, Plot, PlotAnswer, Sign } from './plot.ts'
import { axisAlong } from './plot-axes.ts'
import { type SweepAxis, sweepAxis } from './sweep-axes.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

const YES = '#3b528b'
const NO = '#6cba3c'
const MOST_RUNS = 2000

/** The measured boundary of a question with its intervals over theory's curve, between what runs answer on either side. */
export function plotBoundary({ spec, runs, analysis }: SweepDrawing): Plot {
  const boundary = analysis.boundary ?? boundaryOf(spec, runs)
  const x = sweepAxis(boundary.x, spec, runs)
  const y = sweepAxis(boundary.y, spec, runs)
  const { signs } = featuresOf(spec, runs.filter(hasResult))
  const words = inWords(boundary.question, (index) => featureInText(index, signs))
  const answers = answersOf(boundary, runs, x, y)
  const drawn = thinned(answers, MOST_RUNS)
  const layers = layersOf(spec, boundary, drawn, x, y, words)
  const hasTheory = boundary.lines.some(({ predicted }) => predicted !== null)
  const key: Sign[] = ['boundary', ...(hasTheory ? (['theory-line'] as const) : []), 'run']
  const places = boundary.lines.map((line) => x.placeOf({ [x.path]: line.x })!)
  return {
    subject: words.asked,
    columns: 1,
    panels: [{ title: '', x: axisAlong(x, [...new Set(places)]), y: axisAlong(y), layers }],
    legend: [
      { name: words.yes, colour: YES },
      { name: words.no, colour: NO },
    ],
    signs: key,
    notes: [
      `${boundary.runs} runs found it; a grid of the same resolution takes ${boundary.gridRuns}.`,
      ...(drawn.length < answers.length
        ? [`Thinned: ${drawn.length} of ${answers.length} answers are drawn.`]
        : []),
      ...(hasTheory ? [] : ['Theory has no place for this boundary.']),
    ],
  }
}

interface Words {
  readonly asked: string
  readonly yes: string
  readonly no: string
}

function inWords(text: string, nameOf: (index: number) => string): Words {
  const question = parseQuestion(text)
  switch (question.kind) {
    case 'first-feature-is':
      return {
        asked: `Where ${nameOf(question.feature)} is the first to be learned`,
        yes: `${nameOf(question.feature)} first`,
        no: 'another feature first',
      }
    case 'collapses':
      return {
        asked: `Where ${nameOf(question.feature)} collapses`,
        yes: `feature ${question.feature} collapses`,
        no: `feature ${question.feature} is learned`,
      }
    case 'greedy':
      return {
        asked: 'Where features are learned one at a time',
        yes: 'greedy (index ½ or more)',
        no: 'features together (index below ½)',
      }
    case 'orders-differ':
      return {
        asked: 'Where JEPA and MAE learn the features in different orders',
        yes: 'orders differ',
        no: 'one order',
      }
  }
}

function layersOf(
  spec: SweepSpec,
  boundary: Boundary,
  points: readonly PlotAnswer[],
  x: SweepAxis,
  y: SweepAxis,
  words: Words,
): Layer[] {
  const placed = boundary.lines
    .map((line) => ({ ...line, at: x.placeOf({ [x.path]: line.x })! }))
    .sort((a, b) => a.at - b.at)
  const found = placed.flatMap((line) => (line.y === null ? [] : [{ ...line, y: line.y }]))
  const foretold = boundaryCurve(spec, placed, x)
  const ends = [y.places[0]!, y.places.at(-1)!] as const
  return [
    ...areasOf(placed, ends, words),
    {
      kind: 'answers',
      points: points.map((point) => ({ ...point, answer: point.answer === 'yes' ? words.yes : words.no })),
    },
    { kind: 'seen-line', series: 'boundary', colour: INK, points: found.map(({ at, y }) => [at, y]) },
    ...foretold.map((line): Layer => ({ kind: 'theory-line', series: 'theory', colour: INK, points: line })),
    {
      kind: 'seen',
      series: 'boundary',
      colour: INK,
      small: false,
      points: found.map(({ at, y, interval }) => ({ at: [at, y], interval })),
    },
  ]
}

/** What is answered on either side of the boundary, over neighbouring lines that agree. */
function areasOf(
  lines: readonly PlacedLine[],
  [low, high]: readonly [number, number],
  words: Words,
): Layer[] {
  const sides = [
    { answerOf: (line: PlacedLine) => line.below, span: ({ y }: PlacedLine) => [low, y ?? high] as const },
    { answerOf: (line: PlacedLine) => line.above, span: ({ y }: PlacedLine) => [y ?? high, high] as const },
  ]
  return sides.flatMap(({ answerOf, span }) =>
    neighboursThatAgree(lines, answerOf).map((some): Layer => {
      const answer = answerOf(some[0]!)
      const points = some.map((line) => ({ x: line.at, from: span(line)[0], to: span(line)[1] }))
      return { kind: 'area', colour: answer ? YES : NO, answer: answer ? words.yes : words.no, points }
    }),
  )
}

/** Stretches of lines with one answer; those without any are in none. */
function neighboursThatAgree(lines: readonly PlacedLine[], answerOf: (line: PlacedLine) => boolean | null) {
  const stretches: PlacedLine[][] = []
  for (const [k, line] of lines.entries()) {
    if (answerOf(line) === null) continue
    const before = lines[k - 1]
    if (before !== undefined && answerOf(before) === answerOf(line)) stretches.at(-1)!.push(line)
    else stretches.push([line])
  }
  return stretches
}

/** What each run, or pair of runs, answers at its place. */
function answersOf(
  { question }: Boundary,
  runs: readonly SweepRun[],
  x: SweepAxis,
  y: SweepAxis,
): PlotAnswer[] {
  const objectives = objectivesOf(parseQuestion(question))
  const places = new Map<string, SweepRun[]>()
  for (const run of runs.filter(hasResult)) {
    const key = canonicalJson([run.point[x.path] ?? null, run.point[y.path] ?? null])
    places.set(key, [...(places.get(key) ?? []), run])
  }
  return [...places.values()].flatMap((there): PlotAnswer[] => {
    const asked = objectives.map((objective) =>
      there.find(({ point }) => objective === null || point.objective === objective),
    )
    const whole = asked.filter((run) => run !== undefined)
    const yes = whole.length < asked.length ? null : answerOf(question, whole)
    const [a, b] = [x.placeOf(there[0]!.point), y.placeOf(there[0]!.point)]
    if (yes === null || a === null || b === null) return []
    return [{ at: [a, b], colour: yes ? YES : NO, answer: yes ? 'yes' : 'no' }]
  })
}
