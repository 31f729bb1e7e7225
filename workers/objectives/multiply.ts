/**
 * out = A·B on row-major float64 memory, with strides, so that transposes cost nothing. A is [m][k], B is
 * [k][n], out is [m][n] and dense. Every entry is one sum over rising k from +0, whatever the tile, so the
 * bits depend on the numbers alone. Tiles of 2 × 4 entries stay in registers: at 4 × 4 this runs at about
 * 1 multiply-add a nanosecond, and at 64 × 64 as fast.
 *
 * Nothing is allocated. `out` must not overlap A or B.
 */
export function multiply(
  out: Float64Array,
  outStart: number,
  m: number,
  n: number,
  k: number,
  a: Float64Array,
  aStart: number,
  aRow: number, // distance from A[i][l] to A[i + 1][l]
  aCol: number, // distance from A[i][l] to A[i][l + 1]
  b: Float64Array,
  bStart: number,
  bRow: number,
  bCol: number,
): void {
  const evenRows = m & ~1
  const evenCols = n & ~3
  for (let i = 0; i < evenRows; i += 2) {
    for (let j = 0; j < evenCols; j += 4) {
      let s00 = 0
      let s01 = 0
      let s02 = 0
      let s03 = 0
      let s10 = 0
      let s11 = 0
      let s12 = 0
      let s13 = 0
      let p = aStart + i * aRow
      let q = bStart + j * bCol
      for (let l = 0; l < k; l++) {
        const x = a[p]!
        const y = a[p + aRow]!
        const b0 = b[q]!
        const b1 = b[q + bCol]!
        const b2 = b[q + 2 * bCol]!
        const b3 = b[q + 3 * bCol]!
        s00 += x * b0
        s01 += x * b1
        s02 += x * b2
        s03 += x * b3
        s10 += y * b0
        s11 += y * b1
        s12 += y * b2
        s13 += y * b3
        p += aCol
        q += bRow
      }
      const o = outStart + i * n + j
      out[o] = s00
      out[o + 1] = s01
      out[o + 2] = s02
      out[o + 3] = s03
      out[o + n] = s10
      out[o + n + 1] = s11
      out[o + n + 2] = s12
      out[o + n + 3] = s13
    }
  }
  if (evenCols < n)
    edge(out, outStart, 0, evenRows, evenCols, n, k, a, aStart, aRow, aCol, b, bStart, bRow, bCol)
  if (evenRows < m) edge(out, outStart, evenRows, m, 0, n, k, a, aStart, aRow, aCol, b, bStart, bRow, bCol)
}

/** The entries that no whole tile covers: rows [top, bottom) and columns [left, n). */
function edge(
  out: Float64Array,
  outStart: number,
  top: number,
  bottom: number,
  left: number,
  n: number,
  k: number,
  a: Float64Array,
  aStart: number,
  aRow: number,
  aCol: number,
  b: Float64Array,
  bStart: number,
  bRow: number,
  bCol: number,
): void {
  for (let i = top; i < bottom; i++) {
    for (let j = left; j < n; j++) {
      let sum = 0
      let p = aStart + i * aRow
      let q = bStart + j * bCol
      for (let l = 0; l < k; l++) {
        sum += a[p]! * b[q]!
        p += aCol
        q += bRow
      }
      out[outStart + i * n + j] = sum
    }
  }
}
