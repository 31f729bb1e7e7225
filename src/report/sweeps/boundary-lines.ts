import { along, axisValues } from '../../experiment/axes.ts'
import { canonicalJson } from '../../experiment/identity.ts'
import { ENDED } from '../../experiment/states.ts'
import type { SweepSpec } from '../../experiment/sweep.ts'
import type { Point, SweepRun } from '../../experiment/sweep-view.ts'
import { onGrid } from './boundary-step.ts'
import { type Answer, ask, objectivesOf, parseQuestion, type Question, seenIn } from './question.ts'

/** A boundary search as it is run: lines at the values of the first axis, along the range of the second. */
export interface Search {
  readonly base: SweepSpec['base']
  readonly text: string // the question as asked
  readonly question: Question
  readonly x: { readonly path: string; readonly values: readonly unknown[] }
  readonly y: { readonly path: string; readonly low: number; readonly high: number; readonly isLog: boolean }
  /** The width to come to, as a share of the second axis. */
  readonly tolerance: number
}

const DEFAULT_TOLERANCE = 0.01

/** @param spec a boundary search whose axes are in order (`checkAxes`) */
export function searchOf(spec: SweepSpec): Search {
  const [first, second] = Object.entries(spec.axes)
  if (
    spec.search !== 'boundary' ||
    spec.question === undefined ||
    first === undefined ||
    second === undefined
  )
    throw new Error('This is no boundary search with a question and two axes.')
  const [path, axis] = second
  if (Array.isArray(axis) || 'seeds' in axis) throw new Error(`The second axis ${path} is no range.`)
  const isLog = 'log' in axis
  const ends = isLog ? axis.log : axis.linear
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  const tolerance = spec.tolerance ?? DEFAULT_TOLERANCE
  return {
    base: spec.base,
    text: spec.question,
    question: parseQuestion(spec.question),
    x: { path: first[0], values: axisValues(first[1], spec.base.seed) },
    y: { path, low, high, isLog },
    tolerance: isLog ? Math.log1p(tolerance) / Math.log(high / low) : tolerance,
  }
}

/** A place of a line at which runs were asked for. */
export interface Place {
  readonly y: number
  readonly share: number // of the axis, 0 at its low end
  /** Runs that the answer takes and nobody has asked for yet. */
  readonly missing: readonly Point[]
  readonly isPending: boolean
  readonly answer: Answer | null
}

/** The places of a line from low to high; both ends are among them, asked for or not. */
export interface Line {
  readonly x: unknown
  readonly places: readonly [Place, ...Place[]]
  readonly runs: number
}

export function linesOf(search: Search, runs: readonly SweepRun[]): Line[] {
  const byX = new Map<string, SweepRun[]>()
  for (const run of runs) {
    const key = canonicalJson(run.point[search.x.path] ?? null)
    const line = byX.get(key)
    if (line === undefined) byX.set(key, [run])
    else line.push(run)
  }
  return search.x.values.map((x) => lineOf(search, x, byX.get(canonicalJson(x)) ?? []))
}

function lineOf(search: Search, x: unknown, runs: readonly SweepRun[]): Line {
  const { path, low, high } = search.y
  const byY = new Map<number, SweepRun[]>([
    [low, []],
    [high, []],
  ])
  for (const run of runs) {
    const y = run.point[path]
    if (typeof y !== 'number' || !(y >= low && y <= high)) continue
    byY.set(y, [...(byY.get(y) ?? []), run])
  }
  const places = [...byY].map(([y, there]) => placeOf(search, x, y, there))
  const [first, ...rest] = places.sort((a, b) => a.y - b.y)
  return { x, places: [first!, ...rest], runs: [...byY.values()].flat().length }
}

function placeOf(search: Search, x: unknown, y: number, runs: readonly SweepRun[]): Place {
  const objectives = objectivesOf(search.question)
  const found = objectives.map((objective) =>
    runs.find(({ point }) => objective === null || point.objective === objective),
  )
  const ended = found.filter((run) => run !== undefined && ENDED.has(run.state))
  const seen = ended.map((run) => seenIn(run!)).filter((each) => each !== null)
  return {
    y,
    share: shareOf(search, y),
    missing: pointsAt(search, x, y).filter((_, k) => found[k] === undefined),
    isPending: found.some((run) => run !== undefined && !ENDED.has(run.state)),
    answer: seen.length === objectives.length ? ask(search.question, seen) : null,
  }
}

/** The points of a place: one, or for orders-differ JEPA's and MAE's. */
export function pointsAt({ question, x: { path }, y }: Search, x: unknown, at: number): Point[] {
  return objectivesOf(question).map((objective) => ({
    [path]: x,
    [y.path]: at,
    ...(objective !== null && { objective }),
  }))
}

function shareOf({ y: { low, high, isLog }, tolerance }: Search, y: number): number {
  if (y === low) return 0
  if (y === high) return 1
  return onGrid(isLog ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low), tolerance)
}

/** The place of the second axis at a share of it. */
export function placeAt({ y: { low, high, isLog } }: Search, share: number): number {
  return along(isLog ? { log: [low, high] } : { linear: [low, high] }, share)
}

/** The middle of two places: geometric on log axes. */
export function middleOf({ y: { isLog } }: Search, a: number, b: number): number {
  return isLog ? Math.sqrt(a) * Math.sqrt(b) : a + (b - a) / 2
}
