import type { Matrix } from '../../../src/experiment/matrix.ts'
import { rowProducts } from './product.ts'
import { type Sample, widthOf } from './sample.ts'

const NEIGHBOURS = 20
const MOST_TRAIN = 2048
const MOST_TEST = 512
/** Test samples at a time: their cosines with all training samples take 1 MB. */
const BLOCK = 64

/**
 * The share of the first 512 test samples whose class has the most votes among the 20 nearest of the first 2048 training
 * samples by the cosine of their representations; of equal counts the smallest class wins.
 */
export function neighbourAccuracy(train: Sample, test: Sample): number {
  const k = widthOf(train.representation, train.rows)
  const asked = Math.min(test.rows, MOST_TEST)
  const among = unitRows(train.representation, 0, Math.min(train.rows, MOST_TRAIN), k)
  let right = 0
  for (let from = 0; from < asked; from += BLOCK) {
    const of = unitRows(test.representation, from, Math.min(asked, from + BLOCK), k)
    const { cols, data: cosines } = rowProducts(of, among)
    for (let r = 0; r < of.rows; r++) {
      const nearest = largest(cosines.subarray(r * cols, (r + 1) * cols))
      if (winner(nearest, train.labels!) === test.labels![from + r]) right += 1
    }
  }
  return right / asked
}

/** Some rows, of length 1 each; a row of zeros stays one. */
function unitRows(values: ArrayLike<number>, from: number, to: number, k: number): Matrix {
  const data = new Float64Array((to - from) * k)
  for (let r = from, at = 0; r < to; r++, at += k) {
    let squares = 0
    for (let i = 0; i < k; i++) squares += values[r * k + i]! ** 2
    const length = Math.sqrt(squares)
    for (let i = 0; i < k && length > 0; i++) data[at + i] = values[r * k + i]! / length
  }
  return { rows: to - from, cols: k, data }
}

/** Places of the largest values, the largest first; of equal ones the first. */
function largest(values: Float64Array): number[] {
  const best = new Float64Array(NEIGHBOURS).fill(Number.NEGATIVE_INFINITY)
  const places = new Array<number>(NEIGHBOURS).fill(-1)
  let least = Number.NEGATIVE_INFINITY
  for (let r = 0; r < values.length; r++) {
    const value = values[r]!
    if (!(value > least)) continue
    let place = NEIGHBOURS - 1
    for (; place > 0 && value > best[place - 1]!; place--) {
      best[place] = best[place - 1]!
      places[place] = places[place - 1]!
    }
    best[place] = value
    places[place] = r
    least = best[NEIGHBOURS - 1]!
  }
  return places.filter((place) => place >= 0)
}

function winner(places: readonly number[], labels: ArrayLike<number>): number {
  const votes = new Map<number, number>()
  for (const place of places) votes.set(labels[place]!, (votes.get(labels[place]!) ?? 0) + 1)
  let [best, most] = [-1, 0]
  for (const [label, count] of votes)
    if (count > most || (count === most && label < best)) [best, most] = [label, count]
  return best
}
