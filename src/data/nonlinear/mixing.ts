import { type Matrix, zeros } from '../../experiment/matrix.ts'
import { haarOrthogonal } from '../haar.ts'
import { multiply, transpose } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import type { Generator, GeneratorArray, NonlinearSpec } from './generator.ts'
import { gaussianPairs } from './latent-law.ts'

/**
 * Independent latents behind a random injective network, the setting of nonlinear independent component analysis
 * (Hyvärinen and Morioka, NeurIPS 2016; Zimmermann et al., ICML 2021):
 *
 *   g(z) = Q_K φ(Q_{K−1} … φ(Q_1 z)),   φ(h) = h where h ≥ 0, slope · h elsewhere
 *
 * Q_1 holds the first m columns of a Haar matrix, the others are Haar matrices, [d][d]. Every step can be undone, so the
 * latents are a function of x. With one layer, or slope 1, g is a rotation and x is Gaussian with features of these λ and ρ.
 */
type MixingSpec = Extract<NonlinearSpec, { family: 'mixing' }>

/** The generator of a mixing. */
export function mixing({ lambda, rho, dimension, layers = 3, slope = 0.2, seed = 0 }: MixingSpec): Generator {
  const m = lambda.length
  const d = dimension ?? m
  const matrices = Array.from({ length: layers }, (_, a) => {
    const Q = haarOrthogonal(d, seed, STREAMS.layer + a)
    return a === 0 ? firstColumns(Q, m) : Q
  })
  const steps = matrices.map(transpose)
  return {
    names: lambda.map((_, i) => `z${i}`),
    law: gaussianPairs(lambda, rho),
    shape: [d],
    totalVariance: lambda.reduce((sum, l, i) => sum + l / rho[i]!, 0), // as a rotation has it
    parameters: Object.fromEntries(matrices.map((Q, a) => [`Q${a + 1}`, arrayOf(Q)])),
    work: m * d + (layers - 1) * d ** 2,
    render(latents, rows) {
      let h: Matrix = { rows, cols: m, data: latents }
      for (const [a, step] of steps.entries()) {
        if (a > 0) rectify(h.data, slope)
        h = multiply(h, step)
      }
      return h.data
    },
  }
}

/** φ in place. */
export function rectify(h: Float64Array, slope: number): void {
  for (let i = 0; i < h.length; i++) if (h[i]! < 0) h[i] = slope * h[i]!
}

/** A matrix as a parameter of a generator. */
export function arrayOf({ rows, cols, data }: Matrix): GeneratorArray {
  return { shape: [rows, cols], data }
}

function firstColumns(Q: Matrix, count: number): Matrix {
  const out = zeros(Q.rows, count)
  for (let i = 0; i < Q.rows; i++) {
    for (let j = 0; j < count; j++) out.data[i * count + j] = Q.data[i * Q.cols + j]!
  }
  return out
}
