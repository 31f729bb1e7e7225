import { haarOrthogonal } from '../../src/data/haar.ts'
import { diagonal, multiply, product, scale, transpose } from '../../src/data/linear-algebra.ts'
import type { Problem } from '../../src/data/problem.ts'
import type { Matrix, Weights } from '../../src/experiment/matrix.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import type { LinearSpec } from '../../src/experiment/resolve.ts'
import { corner, LAYER_STREAM } from './initial-weights.ts'
import { root } from './root.ts'

/**
 * A balanced start in the coordinates in which it is diagonal.
 *
 * Both objectives keep their gradients under orthogonal changes of coordinates, of the data by Q and of the hidden
 * layers by G_a [w][w]:  W¹ = G₁ W̃¹ Q',  Wᵃ = G_a W̃ᵃ G_a₋₁',  V = G_L Ṽ G_L' (JEPA) or Q Ṽ G_L' (MAE). Where
 * Sxx and Syx share the eigenvectors Q, the balanced start of initial-weights.ts has W̃ᵃ = s [I_d 0; 0 0] with
 * G_a = U_a [Q 0; 0 I], and all matrices stay diagonal for ever.
 *
 * The same training: a gradient step here, turned back, is the gradient step on the spec's own weights, momentum
 * included, for rotations commute with both. Only rounding differs.
 *
 * Why it matters: the decoupled solution is unstable. Once feature i is learned, a weight δ of W¹ that lets its slot see
 * an unlearned feature j obeys, for JEPA, δ' = ρ_i^(2L−1) σ²_j (ρ_j − ρ_i) δ, and grows where ρ_j > ρ_i; for MAE
 * it grows where λ_j ρ_j > λ_i ρ_i (docs/findings/decoupled-solutions.md). Rounding alone, 1e-17, then ends the decoupled
 * solution after a time of some 37 over that rate (seen: a critical time 9 % early). In these coordinates the weights
 * off the diagonal are exactly 0 and stay so, and what is computed is the solution of the spec. A start with `noise`
 * has a real δ and is run as it is, and so are explicit weights, balanced or not.
 */
export interface AlignedStart {
  readonly initial: Weights
  readonly moments: Moments
  readonly directions: Matrix
  /** Weights back in the coordinates of the spec. */
  restore(weights: Weights): Weights
}

/** Off-diagonal moments below this part of the largest entry are the rounding of a diagonal. */
const ROUNDING = 1e-12

/** @returns null where the start is not balanced, has noise, draws minibatches, or Sxx and Syx do not commute */
export function alignedStart(spec: LinearSpec, problem: Problem): AlignedStart | null {
  const { init, training, objective } = spec
  if (init.kind !== 'balanced' || (init.noise ?? 0) > 0 || training.mode === 'sgd') return null
  const q = problem.spectrum.directions
  const turn = (matrix: Matrix) => product(transpose(q), matrix, q)
  const [Sxx, Syx] = [turn(problem.moments.Sxx), turn(problem.moments.Syx)]
  if (!isDiagonal(multiply(transpose(q), q)) || !isDiagonal(Sxx) || !isDiagonal(Syx)) return null
  const { sigma2, lambda } = problem.spectrum
  const { depth, width } = spec.model
  const features = q.rows
  const s = root(init.scale, depth)
  const active = corner(width, features)
  const square = scale(s, multiply(active, transpose(active)))
  const layers = Array.from({ length: depth }, (_, a) => (a === 0 ? scale(s, active) : square))
  const decoder = objective === 'jepa' ? square : scale(s, transpose(active))
  return {
    initial: { layers, decoder },
    moments: { Sxx: diagonal(sigma2), Syx: diagonal(lambda), Syy: turn(problem.moments.Syy) },
    directions: diagonal(new Float64Array(features).fill(1)),
    restore: (weights) => restored(spec, q, weights),
  }
}

function restored(
  { objective, model: { depth, width }, seed }: LinearSpec,
  q: Matrix,
  weights: Weights,
): Weights {
  const bordered = borderedBy(q, width)
  const hidden = (a: number): Matrix =>
    // G_a, a = 1 … L
    a === depth ? bordered : multiply(haarOrthogonal(width, seed, LAYER_STREAM + a - 1), bordered)
  let below = q
  const layers = weights.layers.map((layer, a) => {
    const above = hidden(a + 1)
    const turned = product(above, layer, transpose(below))
    below = above
    return turned
  })
  const left = objective === 'jepa' ? bordered : q
  return { layers, decoder: product(left, weights.decoder, transpose(bordered)) }
}

/** [Q 0; 0 I], [width][width]. */
function borderedBy(q: Matrix, width: number): Matrix {
  const out = diagonal(new Float64Array(width).fill(1))
  for (let i = 0; i < q.rows; i++) out.data.set(q.data.subarray(i * q.cols, (i + 1) * q.cols), i * width)
  return out
}

/** Whether nothing but rounding stands off the diagonal. */
export function isDiagonal({ data, cols }: Matrix): boolean {
  const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  return data.every((v, at) => at % (cols + 1) === 0 || Math.abs(v) <= ROUNDING * largest)
}
