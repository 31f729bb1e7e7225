import type { Matrix } from '../../experiment/matrix.ts'

/** Sums of products of pixels over images, a block of images at a time. */

/** Images in a block. */
export const BLOCK = 512

/** Room for a block of images of d pixels, [d][BLOCK]: pixel by pixel, so that inner loops run over images. */
export function blockOf(d: number): Float64Array<ArrayBuffer> {
  return new Float64Array(Math.ceil(d / 4) * 4 * BLOCK)
}

/** Adds Σ z z' over the first `size` images of a block to the lower triangle of C, [d][d]; above it stands anything. */
export function addProducts(block: Float64Array, size: number, C: Matrix): void {
  for (let i = 0; i < C.rows; i += 4) for (let j = 0; j < i + 4; j += 2) addEight(block, block, i, j, size, C)
}

/** Adds Σ y z' over the first `size` images of two blocks to C, [d][d]. */
export function addCrossProducts(left: Float64Array, right: Float64Array, size: number, C: Matrix): void {
  for (let i = 0; i < C.rows; i += 4) {
    for (let j = 0; j < C.cols; j += 2) addEight(left, right, i, j, size, C)
  }
}

/**
 * The 4 × 2 sums of products of pixel rows i to i+3 with j and j+1: each load serves two to four products, and fourteen numbers
 * fit the registers. (Sums that begin as parts of an array, `let [s, t] = [0, 0]`, V8 keeps in memory: three times slower.)
 */
function addEight(
  left: Float64Array,
  right: Float64Array,
  i: number,
  j: number,
  size: number,
  C: Matrix,
): void {
  let s00 = 0
  let s01 = 0
  let s10 = 0
  let s11 = 0
  let s20 = 0
  let s21 = 0
  let s30 = 0
  let s31 = 0
  for (let k = 0, a = i * BLOCK, b = j * BLOCK; k < size; k++, a++, b++) {
    const y0 = right[b]!
    const y1 = right[b + BLOCK]!
    const x0 = left[a]!
    s00 += x0 * y0
    s01 += x0 * y1
    const x1 = left[a + BLOCK]!
    s10 += x1 * y0
    s11 += x1 * y1
    const x2 = left[a + 2 * BLOCK]!
    s20 += x2 * y0
    s21 += x2 * y1
    const x3 = left[a + 3 * BLOCK]!
    s30 += x3 * y0
    s31 += x3 * y1
  }
  addTwo(C, i, j, s00, s01)
  addTwo(C, i + 1, j, s10, s11)
  addTwo(C, i + 2, j, s20, s21)
  addTwo(C, i + 3, j, s30, s31)
}

function addTwo(C: Matrix, row: number, col: number, first: number, second: number): void {
  if (row >= C.rows) return
  const at = row * C.cols + col
  if (col < C.cols) C.data[at]! += first
  if (col + 1 < C.cols) C.data[at + 1]! += second
}
