import { type Sample, widthOf } from './sample.ts'

const NEIGHBOURS = 20
const MOST_TRAIN = 2048
const MOST_TEST = 512

/**
 * The share of the first 512 test samples whose class has the most votes among the 20 nearest of the first 2048 training
 * samples by the cosine of their representations; of equal counts the smallest class wins.
 */
export function neighbourAccuracy(train: Sample, test: Sample): number {
  const k = widthOf(train.representation, train.rows)
  const known = Math.min(train.rows, MOST_TRAIN)
  const asked = Math.min(test.rows, MOST_TEST)
  const among = unitRows(train.representation, known, k)
  const of = unitRows(test.representation, asked, k)
  let right = 0
  for (let r = 0; r < asked; r++) {
    const nearest = nearestRows(of.subarray(r * k, (r + 1) * k), among, known, k)
    if (winner(nearest, train.labels!) === test.labels![r]) right += 1
  }
  return right / asked
}

/** Rows of length 1; a row of zeros stays one. */
function unitRows(values: ArrayLike<number>, rows: number, k: number): Float64Array {
  const out = new Float64Array(rows * k)
  for (let r = 0; r < rows; r++) {
    let squares = 0
    for (let i = 0; i < k; i++) squares += values[r * k + i]! ** 2
    const length = Math.sqrt(squares)
    for (let i = 0; i < k && length > 0; i++) out[r * k + i] = values[r * k + i]! / length
  }
  return out
}

/** Places of the nearest rows, the nearest first; of equally near ones the first. */
function nearestRows(query: Float64Array, among: Float64Array, rows: number, k: number): number[] {
  const cosines = new Float64Array(NEIGHBOURS).fill(Number.NEGATIVE_INFINITY)
  const places = new Array<number>(NEIGHBOURS).fill(-1)
  for (let r = 0; r < rows; r++) {
    let cosine = 0
    for (let i = 0, at = r * k; i < k; i++, at++) cosine += query[i]! * among[at]!
    if (!(cosine > cosines[NEIGHBOURS - 1]!)) continue
    let place = NEIGHBOURS - 1
    for (; place > 0 && cosine > cosines[place - 1]!; place--) {
      cosines[place] = cosines[place - 1]!
      places[place] = places[place - 1]!
    }
    cosines[place] = cosine
    places[place] = r
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
