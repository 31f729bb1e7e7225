import type { FieldFault } from '../experiment/failure.ts'
import { fromRows, type Matrix } from '../experiment/matrix.ts'
import { cholesky, combine, identity, scale, symmetricEigen, trace, transpose } from './linear-algebra.ts'

/** Checks that several kinds of data share. Pointers are RFC 6901 pointers into the experiment. */

type Rows = readonly (readonly number[])[]

/** An entry may differ from its mirror by this part of the largest entry: printed numbers, not another law. */
const SYMMETRY = 1e-8
/** The largest entry of a matrix: the fourth power of a norm, which the commutator takes, stays in the range of doubles. */
const LARGEST_ENTRY = 1e70
/** An eigenvalue may be negative by this part of the trace: rounding of a singular covariance. */
const SEMIDEFINITE = 1e-10

/** A fault for each named list that is not as long as the first. */
export function lengthFaults(lists: Readonly<Record<string, readonly unknown[] | undefined>>): FieldFault[] {
  const given = Object.entries(lists).flatMap(([name, list]) => (list ? [{ name, length: list.length }] : []))
  const first = given[0]!
  return given
    .filter(({ length }) => length !== first.length)
    .map(({ name, length }) => ({
      pointer: `/data/${name}`,
      message: `${name} has ${length} entries but ${first.name} has ${first.length}; give one of each per feature.`,
    }))
}

/** A fault for each derived number that left the range of doubles: not finite, or not positive where it must be. */
export function rangeFaults(
  name: string,
  values: readonly number[],
  list: string,
  positive: boolean,
): FieldFault[] {
  const wanted = positive ? 'positive and finite' : 'finite'
  return values.flatMap((value, i) => {
    if (Number.isFinite(value) && !(positive && value <= 0)) return []
    return [
      {
        pointer: `/data/${list}/${i}`,
        message: `Feature ${i} has ${name} = ${value}, which is not ${wanted}; change its numbers.`,
      },
    ]
  })
}

/** A fault where a list of rows is not a matrix of the wanted shape, or has an entry whose products overflow. */
export function shapeFaults(name: string, rows: Rows, shape: { rows: number; cols: number }): FieldFault[] {
  if (rows.length !== shape.rows) {
    const message = `${name} has ${rows.length} rows but must have ${shape.rows} of ${shape.cols} numbers.`
    return [{ pointer: `/data/${name}`, message }]
  }
  return rows.flatMap((row, i) => {
    const pointer = `/data/${name}/${i}`
    if (row.length !== shape.cols) {
      const message = `Row ${i} of ${name} has ${row.length} numbers but must have ${shape.cols}.`
      return [{ pointer, message }]
    }
    const j = row.findIndex((x) => Math.abs(x) > LARGEST_ENTRY)
    if (j < 0) return []
    const message = `Entry (${i}, ${j}) of ${name} is ${row[j]}; give at most ${LARGEST_ENTRY}, so that products stay finite.`
    return [{ pointer: `${pointer}/${j}`, message }]
  })
}

/** A fault where a square list of rows is not a covariance: not symmetric, or with a negative eigenvalue. */
export function covarianceFaults(name: string, rows: Rows): FieldFault[] {
  const S = fromRows(rows)
  const skew = combine(1, S, -1, transpose(S)).data
  const largest = S.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  const at = skew.findIndex((x) => Math.abs(x) > SYMMETRY * largest)
  if (at >= 0) {
    const [i, j] = [Math.floor(at / S.cols), at % S.cols]
    const message = `${name} is not symmetric: entry (${i}, ${j}) is ${S.data[at]} but (${j}, ${i}) is ${rows[j]![i]}.`
    return [{ pointer: `/data/${name}/${i}/${j}`, message }]
  }
  const least = negativeEigenvalue(S)
  if (least === null) return []
  const message = `${name} has the eigenvalue ${rounded(least)}, so it is no covariance; it must be positive semidefinite.`
  return [{ pointer: `/data/${name}`, message }]
}

/** The least eigenvalue of a symmetric matrix where it is below −SEMIDEFINITE · trace, else null. */
export function negativeEigenvalue(S: Matrix): number | null {
  const slack = SEMIDEFINITE * trace(S)
  if (slack > 0 && cholesky(combine(1, S, 1, scale(slack, identity(S.rows)))) !== null) return null
  const least = symmetricEigen(S).values.at(-1)!
  return least < -Math.max(slack, 0) ? least : null
}

/** A figure for a sentence: six digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
