import { canonicalJson } from '../../../experiment/identity.ts'
import type { Objective } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Point } from '../../../experiment/sweep-view.ts'
import { axisTitle, settingInWords } from './axis-words.ts'
import type { SweepAxis } from './sweep-axes.ts'
import { thinned } from './thin.ts'

/** One panel's share of what a sweep has: an objective, and a value of each axis that does not run along the panel. */
export interface Facet<T> {
  readonly objective: Objective | null
  /** JEPA, L = 3 */
  readonly title: string
  readonly items: readonly T[]
}

export interface Facets<T> {
  readonly columns: number
  readonly facets: readonly Facet<T>[]
  readonly notes: readonly string[]
}

const MOST_SLICES = 4

/**
 * Objectives one below the other where other axes go across, else side by side.
 *
 * @param inside axes that run along the panels
 * @param objectiveOf null where items belong to both
 */
export function facetsOf<T extends { readonly point: Point }>(
  spec: SweepSpec,
  axes: readonly SweepAxis[],
  inside: readonly SweepAxis[],
  items: readonly T[],
  objectiveOf: (item: T) => Objective | null,
): Facets<T> {
  const across = isScattered(spec) ? [] : axes.filter((axis) => !inside.includes(axis))
  const keyOf = ({ point }: T) => canonicalJson(across.map(({ path }) => point[path]))
  const all = [...groupBy(items, keyOf)].sort(([, a], [, b]) => compareSlices(across, a[0]!, b[0]!))
  const slices = thinned(all, MOST_SLICES)
  const facets = slices.flatMap(([, members]) =>
    [...groupBy(members, objectiveOf)].map(([objective, some]) => ({
      objective,
      title: titleOf(objective, across, some[0]!.point),
      items: some,
    })),
  )
  const rank = (objective: Objective | null) => (objective === 'mae' ? 1 : 0)
  const sorted = facets.toSorted((a, b) => rank(a.objective) - rank(b.objective)) // stable: slices stay in order
  const of = across.map(({ name }) => axisTitle(name)).join(' and ')
  const notes =
    slices.length < all.length ? [`Panels are ${slices.length} of ${all.length} values of ${of}.`] : []
  return { columns: slices.length > 1 ? slices.length : Math.max(1, facets.length), facets: sorted, notes }
}

/** Whether points lie anywhere, so that no two share the value of an axis. */
export function isScattered({ search = 'grid' }: SweepSpec): boolean {
  return search !== 'grid'
}

function compareSlices(across: readonly SweepAxis[], a: { point: Point }, b: { point: Point }): number {
  for (const axis of across) {
    const difference = (axis.placeOf(a.point) ?? 0) - (axis.placeOf(b.point) ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function titleOf(objective: Objective | null, across: readonly SweepAxis[], point: Point): string {
  const settings = across.map((axis) => {
    const place = axis.places.indexOf(axis.placeOf(point)!)
    return settingInWords(axis, axis.labels[place]!)
  })
  return [...(objective === null ? [] : [objective.toUpperCase()]), ...settings].join(', ')
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const others = groups.get(key)
    if (others === undefined) groups.set(key, [item])
    else others.push(item)
  }
  return groups
}
