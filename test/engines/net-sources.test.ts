import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generatorOf } from '../../src/data/nonlinear/families.ts'
import type { NonlinearSpec } from '../../src/data/nonlinear/generator.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { isNet, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { netPlan } from '../../workers/engines/net-plan.ts'
import { deviceSource } from '../../workers/engines/tensorflow/nets/sources/open-source.ts'
import { rendererOf } from '../../workers/engines/tensorflow/nets/sources/render.ts'
import { Moment } from '../../workers/engines/tensorflow/recorder/moment.ts'
import { uploaded } from '../../workers/engines/tensorflow/tensors.ts'
import { netSpec, scenes } from './nets.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

const { rho, lambda } = { lambda: [2, 1, 0.5], rho: [0.3, 0.5, 0.7] }
const families: readonly NonlinearSpec[] = [
  { kind: 'nonlinear', family: 'mixing', lambda, rho, dimension: 5, noise: 0.1 },
  { kind: 'nonlinear', family: 'hierarchical', lambda, rho, branching: 3 },
  scenes as NonlinearSpec,
  {
    ...{
      kind: 'nonlinear',
      family: 'factors',
      size: 12,
      channels: 3,
      lambda: Array(5).fill(0.4),
      rho: Array(5).fill(0.5),
    },
    factors: ['size', 'shape', 'texture-phase', 'colour', 'texture-contrast'],
  },
]
const covariance = {
  ...{
    kind: 'covariance',
    Sxx: [
      [1, 0.3],
      [0.3, 0.5],
    ],
    Syx: [
      [0.4, 0.2],
      [0.1, 0.2],
    ],
  },
} as const satisfies ExperimentSpec['data']

describe('data that a step draws itself', needsTensorFlow, async () => {
  if (needsTensorFlow.skip) return
  const tf = await tensors()

  for (const data of families) {
    it(`${data.family} of ${generatorOf(data).names.length} latents is rendered as in JavaScript`, () => {
      const generator = generatorOf(data)
      const [rows, m] = [6, generator.names.length]
      const latents = Float64Array.from({ length: rows * m }, (_, i) => Math.fround(Math.sin(1.7 * i)))
      const expected = generator.render(latents.slice(), rows)
      const { arrays, render } = rendererOf(data, generator)
      const found = tf.tidy(() =>
        render(tf, uploaded(tf, arrays), tf.tensor2d(Float32Array.from(latents), [rows, m])).dataSync(),
      )
      const gap = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0)
      assert.ok(gap < 2e-6, `a gap of ${gap}`) // float32; borders of shapes take differences of pixels
    })
  }

  for (const data of [...families, covariance]) {
    it(`${'family' in data ? data.family : data.kind}: drawn views have the moments of the problem, and each step its own`, async () => {
      const problem = await openProblem(data)
      const spec = resolveSpec(netSpec({ data, seed: 5 }), problem.features)
      assert.ok(isNet(spec))
      const source = deviceSource(netPlan(spec, problem, [1]))!
      const arrays = uploaded(tf, source.arrays)
      const seed = tf.tensor1d(Int32Array.of(5, 0), 'int32')
      const ROWS = 16_384
      const draw = (step: number, rows: number) =>
        tf.tidy(() => {
          const now = new Moment(tf, tf.scalar(step, 'int32'), seed)
          const { x, y } = source.draw(tf, arrays, now, rows)
          return [x, y].map((view) => view.dataSync()) as [Float32Array, Float32Array]
        })
      const [x, y] = draw(3, ROWS)
      assert.deepEqual(draw(3, ROWS), [x, y])
      assert.notDeepEqual(draw(4, ROWS)[0], x)
      const { Sxx, Syx, Syy } = problem.moments
      for (const [what, a, b, { data: wanted }] of [
        ['Sxx', x, x, Sxx],
        ['Syx', y, x, Syx],
        ['Syy', y, y, Syy],
      ] as const) {
        const found = moment(a, b, ROWS, problem.features)
        const size = Math.sqrt(Sxx.data.reduce((sum, value) => sum + value * value, 0))
        const gap = Math.sqrt(wanted.reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0))
        assert.ok(gap < 0.06 * size, `${what} is off by ${gap} of ${size}`) // √(d/16384) and the like
      }
      tf.dispose([arrays, seed] as never)
    })
  }
})

/** E[a b'], [d][d]. */
function moment(a: Float32Array, b: Float32Array, rows: number, d: number): Float64Array {
  const out = new Float64Array(d * d)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) out[i * d + j] = out[i * d + j]! + (a[r * d + i]! * b[r * d + j]!) / rows
    }
  }
  return out
}
