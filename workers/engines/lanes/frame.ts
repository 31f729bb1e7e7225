import { identity, multiply, product, symmetricEigen, transpose } from '../../../src/data/linear-algebra.ts'
import { MomentSampler } from '../../../src/data/moment-sampler.ts'
import type { Matrix, Weights } from '../../../src/experiment/matrix.ts'
import { isDiagonal } from '../../models/aligned-frame.ts'
import { layoutOf, pack } from '../../models/parameters.ts'
import type { RunPlan } from '../engine.ts'

/**
 * A plan in orthonormal coordinates of the data in which Sxx is diagonal, as the lanes kernels want it: x = Q x̃, y = Q ỹ,
 *
 *   W̃¹ = W¹ Q;   Ṽ = Q'V (MAE);   S̃ = Q'S Q;   D̃ = Q'D.
 *
 * Gradients turn with the weights, so this is the same training (workers/models/aligned-frame.ts). Q holds the
 * features' directions where these diagonalise Sxx, so that they become the axes; else the eigenvectors of Sxx. Where the run draws
 * moments, Q is the basis of its law.
 */
export interface Frame {
  /** Whether Syx, and in a law M and H, are diagonal too, to rounding. */
  readonly isDiagonal: boolean
  readonly sxx: Float64Array // [d]
  readonly syx: Float64Array // [d] where diagonal, else [d][d]
  readonly syy: Float64Array // [d][d]
  readonly directions: Float64Array | null // [d][d]; null: the axes
  readonly law: Law | null
  readonly initial: Float64Array // θ(0), laid out as workers/models/parameters.ts has it
  /** A moment of the plan in these coordinates. */
  turn(moment: Matrix): Matrix
  /** Weights back in the plan's coordinates. */
  restore(weights: Weights): Weights
}

/** y = M x + H g, of which a batch's moments are drawn. */
export interface Law {
  readonly seed: number
  readonly slope: Float64Array // [d] where diagonal, else [d][d]
  readonly noise: Float64Array
}

/** The frame of a plan. */
export function frameOf(plan: RunPlan): Frame {
  const { moments, directions, sampler, objective, initial } = plan
  const drawn = sampler instanceof MomentSampler ? sampler : null
  const basis = drawn === null ? basisOf(plan) : proper(drawn.law.basis)
  const turn = (moment: Matrix) => (basis === null ? moment : product(transpose(basis), moment, basis))
  const [Sxx, Syx, Syy] = [moments.Sxx, moments.Syx, moments.Syy].map(turn) as [Matrix, Matrix, Matrix]
  const isPlain = drawn === null ? isDiagonal(Syx) : drawn.law.isDiagonal
  const entries = (matrix: Matrix) => (isPlain ? diagonalOf(matrix) : matrix.data)
  const back = basis === null ? null : transpose(basis)
  return {
    isDiagonal: isPlain,
    sxx: drawn === null ? diagonalOf(Sxx).map((value) => Math.max(0, value)) : drawn.law.sigma2,
    syx: entries(Syx),
    syy: Syy.data,
    directions: axesOr(back === null ? directions : multiply(back, directions)),
    law: drawn && { seed: drawn.seed, slope: entries(drawn.law.slope), noise: entries(drawn.law.noise) },
    initial: pack(layoutOf(plan), turned(initial, objective, basis, back)),
    turn,
    restore: (weights) => turned(weights, objective, back, basis),
  }
}

/** Q; null where the plan's own coordinates will do. */
function basisOf({ moments: { Sxx }, directions }: RunPlan): Matrix | null {
  const isPlain = isDiagonal(Sxx)
  if (isPlain && isIdentity(directions)) return null
  const back = transpose(directions)
  if (isDiagonal(multiply(back, directions)) && isDiagonal(product(back, Sxx, directions))) return directions
  return isPlain ? null : symmetricEigen(Sxx).vectors
}

function proper(basis: Matrix): Matrix | null {
  return isIdentity(basis) ? null : basis
}

/** W¹ → W¹ Q, and V → Q'V for MAE. */
function turned(
  weights: Weights,
  objective: RunPlan['objective'],
  basis: Matrix | null,
  back: Matrix | null,
): Weights {
  if (basis === null || back === null) return weights
  const [first, ...rest] = weights.layers
  return {
    layers: [multiply(first as Matrix, basis), ...rest],
    decoder: objective === 'mae' ? multiply(back, weights.decoder) : weights.decoder,
  }
}

/** D; null where its columns are the axes to rounding. */
function axesOr(directions: Matrix): Float64Array | null {
  const gap = directions.data.reduce(
    (most, x, at) => Math.max(most, Math.abs(x - (at % (directions.cols + 1) === 0 ? 1 : 0))),
    0,
  )
  return gap <= AXES ? null : directions.data
}
const AXES = 1e-12

function isIdentity(matrix: Matrix): boolean {
  const one = identity(matrix.rows)
  return matrix.data.every((x, at) => x === one.data[at])
}

function diagonalOf(matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, i) => matrix.data[i * (matrix.cols + 1)]!)
}
