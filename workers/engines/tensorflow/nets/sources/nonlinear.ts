import type { Calibration } from '../../../../../src/data/nonlinear/calibration.ts'
import { generatorOf } from '../../../../../src/data/nonlinear/families.ts'
import type { NonlinearSpec } from '../../../../../src/data/nonlinear/generator.ts'
import { gaussianLatents, redrawnLatents } from './latents.ts'
import { rendererOf } from './render.ts'
import { arrayOf, type DeviceSource, DRAWS, halved, perSample } from './source.ts'

/** Views of known latents, x = scale · (g(z) − mean) + √noise · n, that are never repeated. */
export function nonlinearSource(data: NonlinearSpec, { mean, scale }: Calibration): DeviceSource {
  const generator = generatorOf(data)
  const { lambda, rho } = generator.law
  const latents = data.family === 'factors' ? redrawnLatents(lambda, rho) : gaussianLatents(lambda, rho)
  const renderer = rendererOf(data, generator)
  const variance = data.noise ?? 0
  const own = {
    mean: arrayOf([mean.length], mean),
    scale: arrayOf([1], [scale]),
    ...(variance === 0 ? {} : { deviation: arrayOf([1], [Math.sqrt(variance)]) }),
  }
  return {
    key: JSON.stringify([data.kind, data.family, renderer.key]),
    arrays: { ...latents.arrays, ...renderer.arrays, ...own },
    draw(tf, given, now, rows) {
      const of = (names: object) => Object.fromEntries(Object.keys(names).map((name) => [name, given[name]!]))
      const z = latents.draw(tf, of(latents.arrays), now, rows)
      const seen = renderer.render(tf, of(renderer.arrays), z)
      const views = tf.mul(tf.sub(seen, perSample(tf, given.mean!)), perSample(tf, given.scale!))
      if (given.deviation === undefined) return halved(tf, views)
      const noise = now.normal([2 * rows, mean.length], DRAWS.noise)
      return halved(tf, tf.add(views, tf.mul(noise, perSample(tf, given.deviation))))
    },
  }
}
