import { axisLength, axisValues } from '../../../experiment/axes.ts'
import type { DataSpec } from '../../../experiment/data-spec.ts'
import { canonicalJson } from '../../../experiment/identity.ts'
import type { Axis, SweepSpec } from '../../../experiment/sweep.ts'
import type { Point, SweepRun } from '../../../experiment/sweep-view.ts'
import { axisTitle, valueInWords } from './axis-words.ts'
import { spectrumOf } from './features.ts'

/** An axis of a sweep laid along an axis of a figure. */
export interface SweepAxis {
  readonly path: string
  /** The path of the number by which its values are told apart; `path` where they are numbers or names. */
  readonly name: string
  /** In words, with its letter and unit. */
  readonly title: string
  /** `names`: the values are no numbers, or tell too little as such, and stand side by side. */
  readonly kind: 'log' | 'linear' | 'names'
  /** Where the values lie, rising: the numbers themselves, or 0, 1, 2, … for names. */
  readonly places: readonly number[]
  readonly labels: readonly string[] // [places]
  /** Where a point of the sweep lies; null where it has no place. */
  placeOf(point: Point): number | null
  /** Whether theory may be asked between the values too. */
  readonly continuous: boolean
}

const LOG_FROM = 20 // positive numbers over such a ratio are read on a log axis
const WHOLE = /(^|\.)(depth|width|steps|batchSize|lag|rank|seed|replicate|limit|resolution|warmup)$/
const MOST_TOLD = 10_000 // values that are worked out from the spec
const LONGEST_LABEL = 22

/** The axes without the objective and the seed, which figures lay out in panels and intervals; the slowest first. */
export function sweepAxes(spec: SweepSpec, runs: readonly SweepRun[]): SweepAxis[] {
  return Object.keys(spec.axes)
    .filter((path) => path !== 'objective' && path !== 'seed')
    .map((path) => sweepAxis(path, spec, runs))
}

/** An axis whatever it varies. */
export function sweepAxis(path: string, spec: SweepSpec, runs: readonly SweepRun[]): SweepAxis {
  const axis = spec.axes[path]!
  const values = valuesOf(path, axis, spec, runs)
  if (path !== 'seed' && path !== 'objective') {
    const commutators = path === 'data' ? commutatorsOf(values) : null
    if (commutators !== null) return numberAxis(path, axis, values, commutators, 'commutator')
    const numbers = values.map((value) => numberIn(value, values))
    if (numbers.every((value) => value !== null)) return numberAxis(path, axis, values, numbers)
  }
  return namesAxis(path, values)
}

/** The spec's and those that runs have: a boundary's and a random search's are known from them alone. */
function valuesOf(path: string, axis: Axis, spec: SweepSpec, runs: readonly SweepRun[]): unknown[] {
  const seen = new Map(
    runs.filter(({ point }) => path in point).map(({ point }) => [canonicalJson(point[path]), point[path]]),
  )
  const isListed =
    spec.search !== 'random' && !(spec.search === 'boundary' && path !== Object.keys(spec.axes)[0])
  const told =
    isListed && axisLength(axis) <= MOST_TOLD ? axisValues(axis, spec.base.seed ?? 0) : endsOf(axis)
  for (const value of told) seen.set(canonicalJson(value), value)
  return [...seen.values()]
}

function endsOf(axis: Axis): readonly number[] {
  if (Array.isArray(axis) || 'seeds' in axis) return []
  return 'log' in axis ? axis.log : axis.linear
}

type Leaf = readonly [path: string, value: unknown]

/** The number that tells a value from the others: itself, or the first field of an object in which all differ. */
function numberIn(value: unknown, values: readonly unknown[]): number | null {
  if (typeof value === 'number') return value
  const path = tellingField(values)
  const found = path === null ? undefined : leavesOf(value).find(([leaf]) => leaf === path)
  return typeof found?.[1] === 'number' ? found[1] : null
}

const telling = new WeakMap<object, string | null>()

function tellingField(values: readonly unknown[]): string | null {
  const known = telling.get(values)
  if (known !== undefined) return known
  const [first] = values
  const field =
    leavesOf(first)
      .map(([path]) => path)
      .find((path) => {
        const numbers = values.map((value) => leavesOf(value).find(([leaf]) => leaf === path)?.[1])
        return numbers.every((n) => typeof n === 'number') && new Set(numbers).size === values.length
      }) ?? null
  telling.set(values, field)
  return field
}

function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [[path.join('.'), value]]
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, [...path, key]))
}

/** How far matrices are from a common basis, which tells them apart better than any of their entries; null for other data. */
function commutatorsOf(values: readonly unknown[]): number[] | null {
  const numbers = values.map((value) => {
    const data = value as DataSpec
    const spectrum = data.kind === 'covariance' ? spectrumOf(data) : null
    return spectrum === null ? null : Number(spectrum.commutator.toPrecision(3))
  })
  const known = numbers.filter((number) => number !== null)
  return new Set(known).size === values.length ? known : null
}

function numberAxis(
  path: string,
  axis: Axis,
  values: unknown[],
  numbers: number[],
  name = nameOf(path, values),
): SweepAxis {
  const places = [...new Set(numbers)].sort((a, b) => a - b)
  const byValue = new Map(values.map((value, k) => [canonicalJson(value), numbers[k]!]))
  const isLog = 'log' in axis || (!('linear' in axis) && spansDecades(name, places))
  return {
    path,
    name,
    title: axisTitle(name),
    kind: isLog ? 'log' : 'linear',
    places,
    labels: places.map(valueInWords),
    placeOf: (point) => {
      const value = point[path]
      if (typeof value === 'number') return value
      return value === undefined ? null : (byValue.get(canonicalJson(value)) ?? null)
    },
    continuous: typeof values[0] === 'number' && !WHOLE.test(path),
  }
}

function nameOf(path: string, values: readonly unknown[]): string {
  return typeof values[0] === 'number' ? path : `${path}.${tellingField(values)}`
}

function spansDecades(path: string, places: readonly number[]): boolean {
  const [least, most] = [places[0] ?? 0, places.at(-1) ?? 0]
  return !path.endsWith('depth') && least > 0 && most / least >= LOG_FROM
}

/** noise 0.1; gaussian */
function leafInWords(path: string, value: unknown): string {
  const field = path.split('.').findLast((part) => !/^\d+$/.test(part)) ?? ''
  const words = valueInWords(value)
  return typeof value === 'number' && field !== '' ? `${field} ${words}` : words
}

function namesAxis(path: string, values: readonly unknown[]): SweepAxis {
  const byValue = new Map(values.map((value, k) => [canonicalJson(value), k]))
  return {
    path,
    name: path,
    title: axisTitle(path),
    kind: 'names',
    places: values.map((_, k) => k),
    labels: path === 'objective' ? values.map((value) => String(value).toUpperCase()) : namesOf(values),
    placeOf: (point) => (path in point ? (byValue.get(canonicalJson(point[path])) ?? null) : null),
    continuous: false,
  }
}

/** Objects by the fields in which they differ; numbered where that is still too long to stand under an axis. */
function namesOf(values: readonly unknown[]): string[] {
  const leaves = values.map((value) => new Map(leavesOf(value)))
  const paths = new Set(leaves.flatMap((each) => [...each.keys()]))
  const differing = [...paths].filter((path) => new Set(leaves.map((each) => each.get(path))).size > 1)
  const names = leaves.map((each) =>
    differing
      .filter((path) => each.has(path))
      .map((path) => leafInWords(path, each.get(path)))
      .join(' '),
  )
  const clear = new Set(names).size === names.length && names.every((name) => name.length <= LONGEST_LABEL)
  if (clear && names.every((name) => name !== '')) return names
  return values.map((value, k) =>
    typeof value === 'string' ? `${value.slice(0, LONGEST_LABEL - 1)}…` : `no. ${k + 1}`,
  )
}
