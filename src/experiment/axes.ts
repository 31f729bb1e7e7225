import { ExperimentError, type FieldFault } from './failure.ts'
import type { Axes, Axis, SweepSpec } from './sweep.ts'
import type { Point } from './sweep-view.ts'

/**
 * The points of a grid or a random search, by number, so that a million of them need no room. A grid's last axis
 * turns fastest.
 */
export interface Points {
  readonly count: number
  at(index: number): Point
}

/** How many points a sweep asks for, before anything is expanded. A boundary search begins with the two ends of each line. */
export function countPoints({ axes, search = 'grid', count = 0 }: SweepSpec): number {
  if (search === 'random') return count
  const lengths = Object.values(axes).map(axisLength)
  if (search === 'boundary') return 2 * (lengths[0] ?? 0)
  return lengths.reduce((product, length) => product * length, 1)
}

/** Lines of a boundary search, and points of a scale, where no count is given. */
const DEFAULT_COUNT = 9

export function axisLength(axis: Axis): number {
  if (Array.isArray(axis)) return axis.length
  if ('seeds' in axis) return axis.seeds
  return axis.count ?? DEFAULT_COUNT
}

/** The values of an axis in order; `seed` is the base's. */
export function axisValues(axis: Axis, seed = 0): unknown[] {
  return Array.from({ length: axisLength(axis) }, (_, k) => valueAt(axis, k, seed))
}

function valueAt(axis: Axis, k: number, seed: number): unknown {
  if (Array.isArray(axis)) return axis[k]
  if ('seeds' in axis) return seed + k
  const last = axisLength(axis) - 1
  return along(axis, last === 0 ? 0 : k / last)
}

/** The value at a share of a scale; both ends are exact. */
export function along(axis: Extract<Axis, { log: unknown } | { linear: unknown }>, share: number): number {
  const [from, to] = 'log' in axis ? axis.log : axis.linear
  if (share === 0) return from
  if (share === 1) return to
  return 'log' in axis ? from * (to / from) ** share : from + share * (to - from)
}

export function pointsOf(spec: SweepSpec): Points {
  return spec.search === 'random' ? randomPoints(spec) : gridPoints(spec)
}

function gridPoints(spec: SweepSpec): Points {
  const axes = Object.entries(spec.axes)
  const seed = spec.base.seed ?? 0
  return {
    count: countPoints(spec),
    at: (index) => {
      const values: [string, unknown][] = []
      let rest = index
      for (const [path, axis] of axes.toReversed()) {
        const length = axisLength(axis)
        values.push([path, valueAt(axis, rest % length, seed)])
        rest = Math.floor(rest / length)
      }
      return Object.fromEntries(values.reverse())
    },
  }
}

/**
 * Quasi-random points: the additive recurrence u_k = frac(k α) with α_i = g^−i, g the positive root of g^(n+1) = g + 1, n the number
 * of axes (M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018): evenly spread at every length.
 */
function randomPoints(spec: SweepSpec): Points {
  const axes = Object.entries(spec.axes)
  const seed = spec.base.seed ?? 0
  const root = goldenRoot(axes.length)
  return {
    count: spec.count ?? 0,
    at: (index) =>
      Object.fromEntries(
        axes.map(([path, axis], i) => {
          const share = (0.5 + (index + 1) * root ** -(i + 1)) % 1
          const isScale = !Array.isArray(axis) && !('seeds' in axis)
          const value = isScale
            ? along(axis, share)
            : valueAt(axis, Math.floor(share * axisLength(axis)), seed)
          return [path, value]
        }),
      ),
  }
}

function goldenRoot(n: number): number {
  let g = 2
  for (let i = 0; i < 64; i++) g = (1 + g) ** (1 / (n + 1))
  return g
}

/** The base with the point's values in place. Shares with the base what it does not change. */
export function specAt(base: SweepSpec['base'], point: Point): unknown {
  let spec: unknown = base
  for (const [path, value] of Object.entries(point)) spec = withValue(spec, path.split('.'), value)
  return spec
}

function withValue(at: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value
  const copy = (Array.isArray(at) ? [...at] : { ...(at as object) }) as Record<string, unknown>
  copy[key] = withValue(copy[key], rest, value)
  return copy
}

/**
 * Whether each path leads to a place of the base: every part but the last is there, and an index is inside its list. Whether
 * what then stands there makes a spec is for the schema to say.
 */
export function pathFaults({ base, axes }: { base: unknown; axes: Axes }): FieldFault[] {
  return Object.keys(axes).flatMap((path) => {
    const parts = path.split('.')
    let at: unknown = base
    for (const [depth, part] of parts.entries()) {
      const isLast = depth === parts.length - 1
      const isThere = typeof at === 'object' && at !== null && Object.hasOwn(at, part)
      const mayBeNew = isLast && typeof at === 'object' && at !== null && !Array.isArray(at)
      if (!isThere && !mayBeNew) {
        const where = parts.slice(0, depth).join('.') || 'the base'
        const message = `The axis ${path} names nothing: ${where} has no ${part}. Name a field of the base, as model.depth or data.rho.0.`
        return [{ pointer: `/axes/${path}`, message }]
      }
      at = (at as Record<string, unknown>)[part]
    }
    return []
  })
}

/** What is wrong with axes whatever the base says. */
export function axisFaults(axes: Axes): FieldFault[] {
  return Object.entries(axes).flatMap(([path, axis]) => {
    const fault = (message: string) => [{ pointer: `/axes/${path}`, message }]
    if (Array.isArray(axis)) {
      const texts = new Set(axis.map((value) => JSON.stringify(value)))
      return texts.size === axis.length
        ? []
        : fault(`The axis ${path} has ${axis.length - texts.size} values twice; give each once.`)
    }
    if ('seeds' in axis) {
      return path === 'seed'
        ? []
        : fault(`Only the axis seed takes {"seeds": n}, and this is ${path}; list its values.`)
    }
    const [from, to] = 'log' in axis ? axis.log : axis.linear
    if (!Number.isFinite(from) || !Number.isFinite(to))
      return fault(`The ends of ${path} must be finite numbers.`)
    if ('log' in axis && (from <= 0 || to <= 0))
      return fault(`The log axis ${path} runs from ${from} to ${to}; both must be above 0.`)
    if (from === to && (axis.count ?? DEFAULT_COUNT) > 1)
      return fault(
        `The axis ${path} begins and ends at ${from}; give two different ends, or one value in a list.`,
      )
    return []
  })
}

/** @throws SPEC_INVALID where the axes, or how they are searched, make no sense */
export function checkAxes(spec: SweepSpec, maxRuns: number): void {
  const faults = [...axisFaults(spec.axes), ...pathFaults(spec), ...searchFaults(spec)]
  if (faults.length === 0) {
    const count = countPoints(spec)
    if (count > maxRuns) {
      const message = `The sweep asks for ${count} runs and JEPALAB_MAX_RUNS allows ${maxRuns}; give fewer values, or search the boundary.`
      faults.push({ pointer: '/axes', message })
    }
  }
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
}

function searchFaults({ axes, search = 'grid', count, question }: SweepSpec): FieldFault[] {
  const faults: FieldFault[] = []
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })
  const paths = Object.keys(axes)
  if (paths.length === 0) refuse('/axes', 'The sweep has 0 axes; name at least one field and its values.')
  if (search === 'random' && count === undefined) refuse('/count', 'A random search needs a count of points.')
  if (search !== 'random' && count !== undefined)
    refuse('/count', `count belongs to a random search, and this is ${search}.`)
  if (search === 'boundary') {
    if (question === undefined)
      refuse('/question', 'A boundary search needs a question, as first-feature-is:0.')
    if (paths.length !== 2) refuse('/axes', `A boundary search takes 2 axes, and ${paths.length} are given.`)
    for (const path of paths.slice(1)) {
      const axis = axes[path]
      if (Array.isArray(axis) || (axis !== undefined && 'seeds' in axis))
        refuse(
          `/axes/${path}`,
          'The second axis of a boundary search is a range: {"log": [a, b]} or {"linear": [a, b]}.',
        )
    }
  } else if (question !== undefined)
    refuse('/question', `A question belongs to a boundary search, and this is ${search}.`)
  return faults
}
