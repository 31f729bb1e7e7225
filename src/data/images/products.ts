import type { Matrix } from '../../experiment/matrix.ts'

/** Sums of products of pixels over images, a block of images at a time. */

/** Images in a block. */
export const BLOCK = 512

/** Room for a block of images of d pixels, [d][BLOCK]: pixel by pixel, so that inner loops run over images. */
export function blockOf(d: number): Float64Array<ArrayBuffer> {
  return new Float64Array((d + (d % 2)) * BLOCK)
}

/** Adds Σ z z' over the first `size` images of a block to the lower triangle of C, [d][d]. */
export function addProducts(block: Float64Array, size: number, C: Matrix): void {
  for (let i = 0; i < C.rows; i += 2) for (let j = 0; j <= i; j += 2) addFour(block, block, i, j, size, C)
}

/** Adds Σ y z' over the first `size` images of two blocks to C, [d][d]. */
export function addCrossProducts(left: Float64Array, right: Float64Array, size: number, C: Matrix): void {
  for (let i = 0; i < C.rows; i += 2) {
    for (let j = 0; j < C.cols; j += 2) addFour(left, right, i, j, size, C)
  }
}

/** The 2 × 2 sums of products of pixel rows (i, i+1) with (j, j+1): each load serves two products. */
function addFour(
  left: Float64Array,
  right: Float64Array,
  i: number,
  j: number,
  size: number,
  C: Matrix,
): void {
  let [s00, s01, s10, s11] = [0, 0, 0, 0]
  const [a, b] = [i * BLOCK, j * BLOCK]
  for (let k = 0; k < size; k++) {
    const x0 = left[a + k]!
    const x1 = left[a + BLOCK + k]!
    const y0 = right[b + k]!
    const y1 = right[b + BLOCK + k]!
    s00 += x0 * y0
    s01 += x0 * y1
    s10 += x1 * y0
    s11 += x1 * y1
  }
  const add = (row: number, col: number, sum: number) => {
    if (row < C.rows && col < C.cols) C.data[row * C.cols + col]! += sum
  }
  add(i, j, s00)
  add(i, j + 1, s01)
  add(i + 1, j, s10)
  add(i + 1, j + 1, s11)
}
