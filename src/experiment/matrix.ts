/** A dense float64 matrix, row-major: entry (i, j) is data[i * cols + j]. It owns its memory. */
export interface Matrix {
  readonly rows: number
  readonly cols: number
  readonly data: Float64Array // [rows][cols]
}

/** The trained parameters: encoder layers W¹ … Wᴸ (W¹ first, next to the input) and the linear decoder V. */
export interface Weights {
  readonly layers: readonly Matrix[] // W¹ [width][features], then [width][width]
  readonly decoder: Matrix // JEPA [width][width], MAE [features][width]
}

/** Trained parameters of any other shape by name, in the order in which they are stored. */
export type NamedTensors = Readonly<Record<string, NamedTensor>>

export interface NamedTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array // row-major
}

/** What a run's training ends with: matrices of a deep linear model, or a net's tensors. */
export type RunWeights = Weights | NamedTensors

/** Whether the weights are those of a deep linear model. */
export function areLinear(weights: RunWeights): weights is Weights {
  return Array.isArray(weights.layers)
}

/** A matrix of zeros. */
export function zeros(rows: number, cols: number): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) }
}

/** Copies a list of rows; every row must have the length of the first (a plain throw otherwise). */
export function fromRows(rows: readonly (readonly number[])[]): Matrix {
  const cols = rows[0]?.length ?? 0
  const matrix = zeros(rows.length, cols)
  for (const [i, row] of rows.entries()) {
    if (row.length !== cols) throw new RangeError(`Row ${i} has ${row.length} entries, row 0 has ${cols}.`)
    matrix.data.set(row, i * cols)
  }
  return matrix
}

/** The matrix as a list of rows. */
export function toRows(matrix: Matrix): number[][] {
  return Array.from({ length: matrix.rows }, (_, i) =>
    Array.from(matrix.data.subarray(i * matrix.cols, (i + 1) * matrix.cols)),
  )
}
