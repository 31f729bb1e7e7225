import type { Boundary } from '../../../experiment/sweep-view.ts'
import { figure, type Judge } from './evidence.ts'
import { together, undecided } from './tally.ts'

/** Measured boundary and exact one may differ by this part: what the search promises. */
const CLOSE = 0.01

/** The boundary lies where the exact solution has it, on every line. */
export const judgeBoundary: Judge = (evidence) => {
  const { boundary } = evidence
  if (boundary === null)
    return undecided('The claim is about a boundary, and this sweep searches none; set search to boundary.')
  const lines = boundary.lines.map((line) => ({ ...line, miss: missOf(line) }))
  const figures = lines.map(({ x, y, predicted }) => ({
    name: `${boundary.y} at ${boundary.x} = ${JSON.stringify(x)}`,
    measured: y,
    wanted: predicted === null ? 'no prediction' : `${figure(100 * CLOSE)} % of ${predicted.toPrecision(5)}`,
  }))
  const found = lines.filter(({ miss }) => miss !== null)
  const worst = found.reduce((most, { miss }) => Math.max(most, miss!), 0)
  const because =
    found.length === 0
      ? `None of ${lines.length} lines has both a measured and a predicted boundary.`
      : `On ${found.length} of ${lines.length} lines the boundary was found, at most ${figure(100 * worst)} % from the exact one.`
  return together(
    evidence,
    lines.map(({ miss }) => (miss === null ? null : miss <= CLOSE)),
    because,
    figures,
  )
}

function missOf({ y, predicted }: Boundary['lines'][number]): number | null {
  return y === null || predicted === null ? null : Math.abs(y / predicted - 1)
}
