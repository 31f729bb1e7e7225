import type { Place } from './plot.ts'

/**
 * Lines along which a field on a grid crosses a level, by marching squares: on each side of a square whose ends lie on either
 * side of the level the crossing is put by proportion. Where a square has four crossings they are joined by its mean.
 *
 * @param field [x][y]; null where there is no value, and no line in the squares around it
 * @returns polylines in grid coordinates: 0 is the first place of an axis, 1 the second
 */
export function contours(field: readonly (readonly (number | null)[])[], level: number): Place[][] {
  const segments: [string, string][] = []
  const places = new Map<string, Place>()
  for (let i = 0; i + 1 < field.length; i++) {
    for (let j = 0; j + 1 < field[i]!.length; j++) {
      for (const [a, b] of crossSquare(field, i, j, level)) {
        places.set(a.name, a.at)
        places.set(b.name, b.at)
        segments.push([a.name, b.name])
      }
    }
  }
  return chains(segments).map((names) => names.map((name) => places.get(name)!))
}

/** Where a side of a square is crossed; both squares of a side call it the same. */
interface Crossing {
  readonly name: string
  readonly at: Place
}

type Field = readonly (readonly (number | null)[])[]

function crossSquare(field: Field, i: number, j: number, level: number): [Crossing, Crossing][] {
  const corners: Place[] = [
    [i, j],
    [i + 1, j],
    [i + 1, j + 1],
    [i, j + 1],
  ]
  const values = corners.map(([x, y]) => field[x]![y] ?? null)
  if (values.some((value) => value === null)) return []
  const known = values as number[]
  const found = corners.flatMap((corner, k): Crossing[] => {
    const next = (k + 1) % 4
    return crossSide(corner, corners[next]!, known[k]! - level, known[next]! - level)
  })
  if (found.length < 4) return found.length === 2 ? [[found[0]!, found[1]!]] : []
  const mean = known.reduce((sum, value) => sum + value, 0) / 4
  const isJoined = mean > level === known[0]! > level
  const [a, b, c, d] = found as [Crossing, Crossing, Crossing, Crossing]
  return isJoined
    ? [
        [a, b],
        [c, d],
      ]
    : [
        [d, a],
        [b, c],
      ]
}

function crossSide(a: Place, b: Place, above: number, below: number): Crossing[] {
  if (above > 0 === below > 0) return []
  const share = above / (above - below)
  const at = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])] as const
  const [first, second] = a[0] + a[1] < b[0] + b[1] ? [a, b] : [b, a]
  return [{ name: `${first.join(',')}-${second.join(',')}`, at }]
}

/** Segments end to end. */
function chains(segments: readonly (readonly [string, string])[]): string[][] {
  const at = new Map<string, Set<number>>()
  for (const [k, ends] of segments.entries()) {
    for (const end of ends) at.set(end, (at.get(end) ?? new Set()).add(k))
  }
  const used = new Set<number>()
  const walk = (from: string): string[] => {
    const names = [from]
    for (let here = from; ; ) {
      const next = [...(at.get(here) ?? [])].find((k) => !used.has(k))
      if (next === undefined) return names
      used.add(next)
      const [a, b] = segments[next]!
      here = a === here ? b : a
      names.push(here)
    }
  }
  const ends = [...at].filter(([, touching]) => touching.size === 1).map(([name]) => name)
  return [...ends, ...at.keys()].map(walk).filter((names) => names.length > 1)
}
