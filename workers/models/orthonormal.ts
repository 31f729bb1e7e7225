/**
 * Columns of a random matrix made orthonormal by Gram–Schmidt, done twice, which keeps them so to rounding; rows where there are
 * more columns. Of normal entries that is a Haar frame: the triangular factor's diagonal is positive.
 *
 * @param entries [rows][cols], row-major
 */
export function orthonormal(entries: Float64Array, rows: number, cols: number): Float64Array {
  if (cols > rows) return transposed(orthonormal(transposed(entries, rows, cols), cols, rows), cols, rows)
  const columns = transposed(entries, rows, cols) // [cols][rows]
  for (let j = 0; j < cols; j++) {
    const own = columns.subarray(j * rows, (j + 1) * rows)
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) removePart(own, columns.subarray(k * rows, (k + 1) * rows))
    }
    let squares = 0
    for (const x of own) squares += x * x
    const length = Math.sqrt(squares)
    for (let i = 0; i < rows; i++) own[i] = own[i]! / length
  }
  return transposed(columns, cols, rows)
}

function removePart(from: Float64Array, direction: Float64Array): void {
  let part = 0
  for (let i = 0; i < from.length; i++) part += from[i]! * direction[i]!
  for (let i = 0; i < from.length; i++) from[i] = from[i]! - part * direction[i]!
}

function transposed(entries: Float64Array, rows: number, cols: number): Float64Array {
  const out = new Float64Array(entries.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = entries[i * cols + j]!
  return out
}
