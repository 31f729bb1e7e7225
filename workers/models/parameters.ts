import { type Matrix, type Weights, zeros } from '../../src/experiment/matrix.ts'
import type { Objective } from '../../src/experiment/spec.ts'

/** What fixes the sizes of a deep linear encoder W¹ … Wᴸ and its decoder V. */
export interface Shape {
  readonly objective: Objective
  readonly depth: number // L, encoder layers alone
  readonly features: number // d
  readonly width: number // w ≥ d
}

/** Where each matrix lies in one flat vector θ of all weights: W¹, …, Wᴸ, V, each row-major and dense. */
export interface Layout extends Shape {
  readonly outputs: number // rows of V: w for JEPA, d for MAE
  readonly layers: readonly number[] // [L] start of Wᵃ in θ; W¹ starts at 0
  readonly decoder: number // start of V in θ
  readonly size: number // length of θ
}

export function layoutOf({ objective, depth, features, width }: Shape): Layout {
  const first = width * features
  const layers = Array.from({ length: depth }, (_, a) => (a === 0 ? 0 : first + (a - 1) * width * width))
  const outputs = objective === 'jepa' ? width : features
  const decoder = first + (depth - 1) * width * width
  return { objective, depth, features, width, outputs, layers, decoder, size: decoder + outputs * width }
}

/** Copies weights into a fresh θ. A shape that does not fit is a programmer error. */
export function pack(layout: Layout, weights: Weights): Float64Array {
  const theta = new Float64Array(layout.size)
  for (const [a, start] of layout.layers.entries()) {
    const end = layout.layers[a + 1] ?? layout.decoder
    place(theta, weights.layers[a], start, end)
  }
  place(theta, weights.decoder, layout.decoder, layout.size)
  return theta
}

/** Copies θ into fresh matrices. */
export function unpack(layout: Layout, theta: Float64Array): Weights {
  const { features, width, outputs } = layout
  const layers = layout.layers.map((start, a) => take(theta, start, width, a === 0 ? features : width))
  return { layers, decoder: take(theta, layout.decoder, outputs, width) }
}

function place(theta: Float64Array, matrix: Matrix | undefined, start: number, end: number): void {
  if (matrix?.data.length !== end - start) {
    throw new RangeError(`A matrix of ${matrix?.data.length} weights stands where ${end - start} belong.`)
  }
  theta.set(matrix.data, start)
}

function take(theta: Float64Array, start: number, rows: number, cols: number): Matrix {
  const matrix = zeros(rows, cols)
  matrix.data.set(theta.subarray(start, start + rows * cols))
  return matrix
}
