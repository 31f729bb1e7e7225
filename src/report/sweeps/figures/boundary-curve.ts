import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Boundary } from '../../../experiment/sweep-view.ts'
import { searchOf } from '../boundary-lines.ts'
import { oracleOf, predictedPlace } from '../boundary-theory.ts'
import type { Place } from './plot.ts'
import type { SweepAxis } from './sweep-axes.ts'

/** A line of a boundary where it lies along the figure's axis. */
export type PlacedLine = Boundary['lines'][number] & { readonly at: number }

const BETWEEN = 4 // parts of the gap between two lines
const MOST_LINES = 33 // beyond which lines are close enough: a place of theory takes some 10 ms

/** Theory's boundary through the lines, and between them where the axis allows; in pieces where theory has no place. */
export function boundaryCurve(spec: SweepSpec, lines: readonly PlacedLine[], x: SweepAxis): Place[][] {
  const search = searchOf(spec)
  const oracle = oracleOf(search)
  const isFine = x.continuous && lines.length <= MOST_LINES
  const pieces: Place[][] = []
  for (const [k, { at, predicted }] of lines.entries()) {
    const before = lines[k - 1]
    if (predicted === null) continue
    if (before === undefined || before.predicted === null) {
      pieces.push([[at, predicted]])
      continue
    }
    const [from, to] = [before.predicted, predicted]
    const shares = isFine ? Array.from({ length: BETWEEN - 1 }, (_, part) => (part + 1) / BETWEEN) : []
    const found = shares.flatMap((share): Place[] => {
      const place =
        x.kind === 'log' ? before.at * (at / before.at) ** share : before.at + share * (at - before.at)
      const y = predictedPlace(search, oracle, place, from + share * (to - from))
      return y === null ? [] : [[place, y]]
    })
    pieces.at(-1)!.push(...found, [at, predicted])
  }
  return pieces
}
