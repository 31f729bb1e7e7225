import type { Matrix } from '../../../src/experiment/matrix.ts'

/**
 * The eigenvalues of a symmetric matrix, rising, without its eigenvectors: Householder reflections to a tridiagonal matrix, then
 * implicit QL with Wilkinson's shift (Golub and Van Loan, §8.3). 4k³/3 operations.
 */
export function symmetricEigenvalues({ rows: k, data }: Matrix): Float64Array {
  const { diagonal, beside } = tridiagonal(Float64Array.from(data), k)
  return implicitQL(diagonal, beside).sort()
}

/** Overwrites A. `beside[i]` couples i and i + 1; the last is 0. */
function tridiagonal(A: Float64Array, k: number): { diagonal: Float64Array; beside: Float64Array } {
  const diagonal = new Float64Array(k)
  const beside = new Float64Array(k)
  const p = new Float64Array(k)
  for (let i = k - 1; i > 0; i--) {
    const v = A.subarray(i * k, i * k + i) // row i left of the diagonal becomes the reflection's vector
    let squares = 0
    for (let j = 0; j < i; j++) squares += v[j]! * v[j]!
    const rest = squares - v[i - 1]! * v[i - 1]!
    if (rest <= Number.EPSILON ** 2 * squares) {
      beside[i - 1] = v[i - 1]!
      continue
    }
    const length = v[i - 1]! > 0 ? -Math.sqrt(squares) : Math.sqrt(squares)
    beside[i - 1] = length
    const half = squares - v[i - 1]! * length // |v|²/2 of the vector below
    v[i - 1] = v[i - 1]! - length
    timesSymmetric(A, k, i, v, p)
    let overlap = 0
    for (let j = 0; j < i; j++) {
      p[j] = p[j]! / half
      overlap += p[j]! * v[j]!
    }
    for (let j = 0; j < i; j++) p[j] = p[j]! - (overlap / (2 * half)) * v[j]!
    for (let r = 0; r < i; r++) {
      const [a, b] = [v[r]!, p[r]!]
      for (let c = 0, at = r * k; c <= r; c++, at++) A[at] = A[at]! - (a * p[c]! + b * v[c]!)
    }
  }
  for (let i = 0; i < k; i++) diagonal[i] = A[i * (k + 1)]!
  return { diagonal, beside }
}

/** p = A v over the first `size` rows, of which the lower half is read. */
function timesSymmetric(A: Float64Array, k: number, size: number, v: Float64Array, p: Float64Array): void {
  p.fill(0, 0, size)
  for (let r = 0; r < size; r++) {
    const right = v[r]!
    let sum = A[r * (k + 1)]! * right
    for (let c = 0, at = r * k; c < r; c++, at++) {
      sum += A[at]! * v[c]!
      p[c] = p[c]! + A[at]! * right
    }
    p[r] = p[r]! + sum
  }
}

const MOST_SWEEPS = 60 // for one eigenvalue; two or three are usual

/** Overwrites both. */
function implicitQL(d: Float64Array, e: Float64Array): Float64Array {
  const k = d.length
  for (let l = 0; l < k; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l
      while (m < k - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++
      if (m === l) break
      if (sweep === MOST_SWEEPS) throw new RangeError('The matrix has entries that are not finite.')
      chase(d, e, l, m)
    }
  }
  return d
}

/** One QL sweep over the block l … m. */
function chase(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const lead = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  const root = Math.sqrt(lead * lead + 1)
  let g = d[m]! - d[l]! + e[l]! / (lead + (lead < 0 ? -root : root))
  let [sine, cosine, shift] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = sine * e[i]!
    const b = cosine * e[i]!
    const length = Math.sqrt(f * f + g * g)
    e[i + 1] = length
    if (length === 0) {
      d[i + 1] = d[i + 1]! - shift
      e[m] = 0
      return
    }
    sine = f / length
    cosine = g / length
    g = d[i + 1]! - shift
    const turned = (d[i]! - g) * sine + 2 * cosine * b
    shift = sine * turned
    d[i + 1] = g + shift
    g = cosine * turned - b
  }
  d[l] = d[l]! - shift
  e[l] = g
  e[m] = 0
}
