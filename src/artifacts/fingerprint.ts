import { createHash } from 'node:crypto'
import { areLinear, type RunWeights } from '../experiment/matrix.ts'
import type { Measurements } from '../experiment/measurement.ts'

/**
 * SHA-256 (hex) over the trajectory and the final weights: what two runs of one experiment must share.
 *
 * Every number is eight bytes of float64, little-endian; each list is preceded by its length, so that no
 * two different results give the same bytes. Every number that is not finite counts as one and the same
 * NaN and −0 as 0, because JSON, in which measurements are stored, keeps no more than that.
 *
 * Order: time, step, loss, number of features, then per feature its amplitudes and the time and amplitude
 * of its passages; where there are probes their number, then per probe by name its name, the number of its series and each of them;
 * number of layers, then per matrix (W¹ … Wᴸ, V) rows, columns and entries by row. A net's tensors have their number, then by
 * name of each the name, shape and entries. A name is the list of its UTF-16 codes.
 */
export function fingerprintOf(measurements: Measurements, weights: RunWeights): string {
  const lists = listsOf(measurements, weights)
  const bytes = canonicalBytes(lists)
  return createHash('sha256').update(bytes).digest('hex')
}

function listsOf(measurements: Measurements, weights: RunWeights): ArrayLike<number>[] {
  const { time, step, loss, amplitudes, passages, probes } = measurements
  const lists: ArrayLike<number>[] = [time, step, loss, [amplitudes.length]]
  for (const [i, values] of amplitudes.entries()) {
    lists.push(values, passages[i]?.time ?? [], passages[i]?.amplitude ?? [])
  }
  if (probes !== undefined) {
    lists.push([Object.keys(probes).length])
    for (const [name, { values }] of byName(probes)) lists.push(codes(name), [values.length], ...values)
  }
  if (areLinear(weights)) {
    lists.push([weights.layers.length])
    for (const { rows, cols, data } of [...weights.layers, weights.decoder]) lists.push([rows, cols], data)
  } else {
    lists.push([Object.keys(weights).length])
    for (const [name, { shape, data }] of byName(weights)) lists.push(codes(name), shape, data)
  }
  return lists
}

function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

function codes(name: string): number[] {
  return Array.from({ length: name.length }, (_, i) => name.charCodeAt(i))
}

/** All lists, each behind its length, in one piece: a hash takes thousands of small ones many times slower. */
function canonicalBytes(lists: readonly ArrayLike<number>[]): Uint8Array {
  const numbers = new Float64Array(lists.reduce((count, list) => count + 1 + list.length, 0))
  let at = 0
  for (const list of lists) {
    numbers[at++] = list.length
    for (let i = 0; i < list.length; i++) numbers[at++] = list[i]!
  }
  const words = new Uint32Array(numbers.buffer) // the machines this runs on are little-endian, as the bytes must be
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!
    if (value === 0) words[2 * i + 1] = 0
    else if (!Number.isFinite(value)) [words[2 * i], words[2 * i + 1]] = [0, 0x7ff8_0000]
  }
  return new Uint8Array(numbers.buffer)
}
