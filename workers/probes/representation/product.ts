import { ExperimentError } from '../../../src/experiment/failure.ts'
import { type Matrix, zeros } from '../../../src/experiment/matrix.ts'
import { openLanes } from '../../engines/lanes/native.ts'
import type { ProductCall } from '../../engines/lanes/product.ts'
import { multiply } from '../../objectives/multiply.ts'

/**
 * Products of matrices of doubles, which the time of probes goes to. Every entry is one sum over rising k from +0, each product and
 * each addition rounded, so that bits are the same with the lanes kernels, 12 to 15 times as fast, and where they are not built.
 */
export type Multiply = (call: ProductCall) => void

/** A B. @param a [n][k]. @param b [k][f]. @returns [n][f] */
export function product(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.cols)
  fastest()({
    ...{ m: a.rows, n: b.cols, k: a.cols, lower: 0, out: out.data },
    ...{ a: a.data, aRow: a.cols, aCol: 1, b: b.data, bRow: b.cols, bCol: 1 },
  })
  return out
}

/** A'B. @param a [n][k]. @param b [n][f]. @returns [k][f], of which for A'A right of the diagonal nothing is told */
export function gram(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.cols, b.cols)
  fastest()({
    ...{ m: a.cols, n: b.cols, k: a.rows, lower: a === b ? 1 : 0, out: out.data },
    ...{ a: a.data, aRow: 1, aCol: a.cols, b: b.data, bRow: b.cols, bCol: 1 },
  })
  return out
}

/** A B'. @param a [n][k]. @param b [m][k]. @returns [n][m] */
export function rowProducts(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.rows)
  fastest()({
    ...{ m: a.rows, n: b.rows, k: a.cols, lower: 0, out: out.data },
    ...{ a: a.data, aRow: a.cols, aCol: 1, b: b.data, bRow: 1, bCol: b.cols },
  })
  return out
}

/** In plain loops, over copies in which what is summed over lies together: long strides cost more than they. */
export const plainMultiply: Multiply = ({ m, n, k, a, aRow, aCol, b, bRow, bCol, out }) => {
  const [left, right] = [strips(a, m, aRow, k, aCol), strips(b, n, bCol, k, bRow)]
  multiply(out, 0, m, n, k, left, 0, k, 1, right, 0, 1, k)
}

/** [count][length], dense. */
function strips(
  from: Float64Array,
  count: number,
  apart: number,
  length: number,
  step: number,
): Float64Array {
  const out = new Float64Array(count * length)
  for (let l = 0; l < length; l++) {
    for (let s = 0; s < count; s++) out[s * length + l] = from[s * apart + l * step]!
  }
  return out
}

let known: Multiply | undefined

function fastest(): Multiply {
  known ??= chooseMultiply(openLanes)
  return known
}

/** That of the lanes kernels, or plain loops where they are not here, of which `jepalab doctor` tells the reason. */
export function chooseMultiply(open: () => { readonly multiply: Multiply }): Multiply {
  try {
    return open().multiply
  } catch (error) {
    if (error instanceof ExperimentError && error.code === 'ENGINE_UNAVAILABLE') return plainMultiply
    throw error
  }
}
