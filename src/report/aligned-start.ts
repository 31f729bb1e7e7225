import { column } from '../data/linear-algebra.ts'
import type { Matrix, Weights } from '../experiment/matrix.ts'
import type { Objective } from '../experiment/spec.ts'

/**
 * Whether a start obeys the scalar dynamics of docs/theory.md §2: W^a = O_a D O_{a−1}', O_0 = Q,
 * V = O_L D O_L' (JEPA) or Q D O_L' (MAE) with D = diag(u_i) ≥ 0 (§1). Per feature, with p_0 = q_i and
 * p_a = W^a p_{a−1}, that is
 *
 *   W^a' p_a = u² p_{a−1}           for a = 1 … L: balanced, where the data reach
 *   V p_L = u p_L,  V' p_L = u p_L            JEPA: V is symmetric and not negative there
 *   V p_L = u^{L+1} q,  V' q u^{L−1} = p_L      MAE: V undoes the encoder's rotation
 *
 * V = s I next to some orthogonal W^a is balanced, but for MAE not aligned: it may never learn a feature.
 */
const TOLERANCE = 1e-6 // relative: weights written with seven digits pass, those a per mille off do not

/** @param directions [d][d], column i is q_i. */
export function isAlignedStart(objective: Objective, weights: Weights, directions: Matrix): boolean {
  return Array.from({ length: directions.cols }, (_, i) => column(directions, i)).every((q) =>
    isAlignedFeature(objective, weights, q),
  )
}

function isAlignedFeature(objective: Objective, { layers, decoder }: Weights, q: Float64Array): boolean {
  const path = [q]
  for (const layer of layers) path.push(apply(layer, path.at(-1)!))
  const u = norm(path[1]!)
  if (u === 0) return false // nothing grows from nothing
  for (const [a, layer] of layers.entries()) {
    if (!isClose(applyTransposed(layer, path[a + 1]!), path[a]!, u * u)) return false
  }
  const out = path.at(-1)!
  if (objective === 'jepa') {
    return isClose(apply(decoder, out), out, u) && isClose(applyTransposed(decoder, out), out, u)
  }
  const depth = layers.length
  return (
    isClose(apply(decoder, out), q, u ** (depth + 1)) &&
    isClose(applyTransposed(decoder, q), out, u ** (1 - depth))
  )
}

/** Whether a = factor × b up to the tolerance. */
function isClose(a: Float64Array, b: Float64Array, factor: number): boolean {
  const difference = a.map((value, i) => value - factor * b[i]!)
  return norm(difference) <= TOLERANCE * factor * norm(b)
}

function norm(vector: Float64Array): number {
  return Math.hypot(...vector)
}

function apply({ rows, cols, data }: Matrix, vector: Float64Array): Float64Array {
  const out = new Float64Array(rows)
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out[r]! += data[r * cols + c]! * vector[c]!
  return out
}

function applyTransposed({ rows, cols, data }: Matrix, vector: Float64Array): Float64Array {
  const out = new Float64Array(cols)
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out[c]! += data[r * cols + c]! * vector[r]!
  return out
}
