import { haarOrthogonal } from '../../src/data/haar.ts'
import { identity, multiply, scale, transpose } from '../../src/data/linear-algebra.ts'
import { normals } from '../../src/data/normal.ts'
import { fromRows, type Matrix, type Weights, zeros } from '../../src/experiment/matrix.ts'
import type { LinearSpec } from '../../src/experiment/resolve.ts'
import type { Shape } from './parameters.ts'
import { root } from './root.ts'

/**
 * The weights a run starts from, a function of the spec and its seed alone. ε is `init.scale`, L the depth,
 * s = ε^(1/L) the layer scale, d features, w ≥ d the width (arXiv 2407.03475; docs/theory.md §1).
 *
 * balanced    Wᵃ = s Aₐ Aₐ₋₁', A₀ = I_d, Aₐ [w][d] with orthonormal columns (Haar), A_L = [I_d; 0]. So
 *             W̄ = ε [I_d; 0] and Wᵃ⁺¹'Wᵃ⁺¹ = WᵃWᵃ' = s² AₐAₐ'. At w = d this is Wᵃ = s Uᵃ with Uᴸ…U¹ = I.
 *             V = s [I_d 0; 0 0] (JEPA) or s [I_d 0] (MAE): V'V = WᴸWᴸ', and both are the aligned starts of
 *             the scalar theory. Where w > d the w − d idle directions of every layer are exactly 0; the
 *             gradient there is 0 too, so a wide run has the numbers of a run with w = d.
 * gaussian    entries of every layer and of V are N(0, s²/fan-in), fan-in d for W¹ and w elsewhere.
 * orthogonal  every layer and V is s times an independent Haar matrix, its first d columns (W¹) or rows (MAE's V).
 * explicit    as given.
 *
 * `noise` η adds N(0, η² s²/fan-in), independent in every entry of every layer and of V, idle ones included: η is
 * relative to s/√fan-in, the root mean square entry of a layer of scale s.
 */
export function initialWeights(spec: LinearSpec, features: number): Weights {
  const { init, seed } = spec
  const { depth, width } = spec.model
  if (init.kind === 'explicit') return { layers: init.layers.map(fromRows), decoder: fromRows(init.decoder) }
  const shape: Shape = { objective: spec.objective, depth, width, features }
  const s = root(init.scale, depth)
  const start = STARTS[init.kind](shape, s, seed)
  const noise = init.noise ?? 0
  if (noise === 0) return start
  const disturb = (matrix: Matrix, index: number): Matrix =>
    add(matrix, gaussian(matrix.rows, matrix.cols, noise * s, seed, NOISE_STREAM + index))
  return { layers: start.layers.map(disturb), decoder: disturb(start.decoder, depth) }
}

/** Streams of random numbers: the data room has those below 256. Layer a, counted from 0, takes the a-th; V the L-th. */
export const LAYER_STREAM = 256
const NOISE_STREAM = 512

type Start = (shape: Shape, s: number, seed: number) => Weights
const STARTS: Record<'balanced' | 'gaussian' | 'orthogonal', Start> = {
  balanced,
  gaussian: normalStart,
  orthogonal,
}

function balanced({ objective, depth, features, width }: Shape, s: number, seed: number): Weights {
  const last = corner(width, features)
  const frame = (a: number): Matrix =>
    a === depth ? last : firstColumns(haarOrthogonal(width, seed, LAYER_STREAM + a - 1), features)
  let below = identity(features)
  const layers = Array.from({ length: depth }, (_, a) => {
    const above = frame(a + 1)
    const layer = scale(s, multiply(above, transpose(below)))
    below = above
    return layer
  })
  const decoder = objective === 'jepa' ? multiply(last, transpose(last)) : transpose(last)
  return { layers, decoder: scale(s, decoder) }
}

function normalStart(shape: Shape, s: number, seed: number): Weights {
  return eachMatrix(shape, (rows, cols, index) => gaussian(rows, cols, s, seed, LAYER_STREAM + index))
}

function orthogonal(shape: Shape, s: number, seed: number): Weights {
  return eachMatrix(shape, (rows, cols, index) => {
    const square = scale(s, haarOrthogonal(shape.width, seed, LAYER_STREAM + index))
    if (cols < rows) return firstColumns(square, cols)
    return { rows, cols, data: square.data.slice(0, rows * cols) }
  })
}

function eachMatrix(
  { objective, depth, features, width }: Shape,
  draw: (rows: number, cols: number, index: number) => Matrix,
): Weights {
  const layers = Array.from({ length: depth }, (_, a) => draw(width, a === 0 ? features : width, a))
  return { layers, decoder: draw(objective === 'jepa' ? width : features, width, depth) }
}

/** Entries N(0, s²/cols). */
function gaussian(rows: number, cols: number, s: number, seed: number, stream: number): Matrix {
  const deviation = s / Math.sqrt(cols)
  return { rows, cols, data: normals(rows * cols, { seed, stream, step: 0 }).map((x) => deviation * x) }
}

/** [I_cols; 0], [rows][cols]. */
export function corner(rows: number, cols: number): Matrix {
  const matrix = zeros(rows, cols)
  for (let i = 0; i < cols; i++) matrix.data[i * cols + i] = 1
  return matrix
}

function firstColumns(matrix: Matrix, cols: number): Matrix {
  const out = zeros(matrix.rows, cols)
  for (let i = 0; i < matrix.rows; i++) {
    out.data.set(matrix.data.subarray(i * matrix.cols, i * matrix.cols + cols), i * cols)
  }
  return out
}

function add(a: Matrix, b: Matrix): Matrix {
  return { rows: a.rows, cols: a.cols, data: a.data.map((x, i) => x + b.data[i]!) }
}
