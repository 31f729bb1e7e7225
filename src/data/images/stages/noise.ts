import { entriesOf, type ImageShape } from '../../../experiment/image-shape.ts'
import type { StageOfKind } from '../../../experiment/image-spec.ts'
import type { Matrix } from '../../../experiment/matrix.ts'
import type { Moments } from '../../../experiment/measurement.ts'
import { added, applyFactor, type BatchKey, factorOf, normalBatch } from '../../batch.ts'
import { combine, diagonal, multiply, scaleColumns, symmetricEigen, transpose } from '../../linear-algebra.ts'
import { once } from '../../once.ts'
import { STREAMS } from '../../philox.ts'
import { bothMoments, type Stage } from './stage.ts'

/**
 *   x ← x + n,  y ← y + n' (or y, where the target is clean),  n, n' ~ N(0, N):   Sxx + N,  Syx,  Syy + N or Syy
 *
 * N = diag ν_j, ν_j = ν(1 + ramp·j/(pixels − 1)) at pixel j, or N = νd C^power / tr C^power with C = Sxx before it. On bare images
 * that commutes with C: with c = νd/tr C^power and a an eigenvalue of C, λ = a, ρ = 1/(1 + c a^(power−1)), so that above
 * power 1 the features of largest λ have the smallest ρ.
 */
export type NoiseSpec = StageOfKind<'noise'>

/** @param given moments of what the noise is added to, asked for where its shape is theirs */
export function noiseStage(spec: NoiseSpec, shape: ImageShape, given: () => Moments, streams: number): Stage {
  const d = entriesOf(shape)
  const deviations = noiseVariances(spec, shape).map(Math.sqrt)
  const covariance = once(() => noiseCovariance(spec, shape, () => given().Sxx))
  const factor = once(() => factorOf(covariance()))
  const apply = once(() => applyFactor(factor()))
  const noise = (at: BatchKey, stream: number) =>
    spec.power
      ? apply()(normalBatch(at, streams + stream, d))
      : normalBatch(at, streams + stream, d, deviations)
  return {
    moments(before) {
      const after = bothMoments(before, (S) => combine(1, S, 1, covariance()))
      return { ...after, Syx: before.Syx, ...(spec.target === 'clean' ? { Syy: before.Syy } : {}) }
    },
    draw: (x, y, at) => ({
      x: added(x, noise(at, STREAMS.xNoise)),
      y: spec.target === 'clean' ? y : added(y, noise(at, STREAMS.yNoise)),
    }),
    noise: () => (spec.power ? { factor: factor() } : { deviations }),
  }
}

/** ν_j of noise that is independent in each entry, [d]. */
function noiseVariances({ nu, ramp = 0 }: NoiseSpec, shape: ImageShape): Float64Array {
  const pixels = shape.side ** 2
  return Float64Array.from({ length: entriesOf(shape) }, (_, at) => {
    const j = Math.floor(at / shape.channels)
    return nu * (1 + (pixels > 1 ? (ramp * j) / (pixels - 1) : 0))
  })
}

function noiseCovariance(spec: NoiseSpec, shape: ImageShape, covariance: () => Matrix): Matrix {
  const { nu, power = 0 } = spec
  if (power === 0) return diagonal(noiseVariances(spec, shape))
  const { values, vectors } = symmetricEigen(covariance())
  const powers = values.map((a) => Math.max(0, a) ** power)
  const factor = (nu * entriesOf(shape)) / powers.reduce((sum, a) => sum + a)
  return multiply(
    scaleColumns(
      vectors,
      powers.map((a) => factor * a),
    ),
    transpose(vectors),
  )
}
