import { gaussianLaw } from '../../../../../src/data/gaussian-law.ts'
import { multiply, transpose } from '../../../../../src/data/linear-algebra.ts'
import type { Problem } from '../../../../../src/data/problem.ts'
import type { Matrix } from '../../../../../src/experiment/matrix.ts'
import { arrayOf, type DeviceSource, DRAWS, product } from './source.ts'

/**
 * Gaussian pairs as gaussian-law.ts has them, in the data's coordinates:
 *
 *   x = g A,  y = g B + h C,   A = diag(σ) Q',  B = diag(σ) M'Q',  C = H'Q',   g, h ~ N(0, I)
 */
export function gaussianSource(problem: Problem): DeviceSource {
  const { basis, sigma2, slope, noise } = gaussianLaw(problem.moments, problem.spectrum)
  const back = transpose(basis)
  const scaled = ({ rows, cols, data }: Matrix): Matrix => {
    return { rows, cols, data: data.map((x, at) => Math.sqrt(sigma2[Math.floor(at / cols)]!) * x) }
  }
  const A = scaled(back)
  const B = scaled(multiply(transpose(slope), back))
  const C = multiply(transpose(noise), back)
  const d = problem.features
  return {
    key: 'gaussian',
    arrays: { A: arrayOf([d, d], A.data), B: arrayOf([d, d], B.data), C: arrayOf([d, d], C.data) },
    draw(tf, { A: a, B: b, C: c }, now, rows) {
      const [g, h] = tf.unstack(now.normal([2, rows, d], DRAWS.latents), 1)
      return { x: product(tf, g!, a!), y: tf.add(product(tf, g!, b!), product(tf, h!, c!)) }
    },
  }
}
