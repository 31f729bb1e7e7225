import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generatorOf } from '../../src/data/nonlinear/families.ts'
import type { NonlinearSpec } from '../../src/data/nonlinear/generator.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { Problem } from '../../src/data/problem.ts'
import type { ImagesSpec, ImageViews } from '../../src/experiment/image-spec.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import { isNet, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { imagesHeldOut } from '../../workers/engines/held-out.ts'
import { netPlan } from '../../workers/engines/net-plan.ts'
import { allStacked } from '../../workers/engines/tensorflow/nets/resident.ts'
import { Draws } from '../../workers/engines/tensorflow/nets/sources/draws.ts'
import { imageSource } from '../../workers/engines/tensorflow/nets/sources/images.ts'
import { deviceSource } from '../../workers/engines/tensorflow/nets/sources/open-source.ts'
import { rendererOf } from '../../workers/engines/tensorflow/nets/sources/render.ts'
import type { DeviceSource } from '../../workers/engines/tensorflow/nets/sources/source.ts'
import { type Tfjs, uploaded } from '../../workers/engines/tensorflow/tensors.ts'
import { idx, npy, npz, place, randomBytes } from '../data/image-files.ts'
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

const [count, height, width] = [90, 6, 8]
const gray = place('gray', idx(randomBytes(count, height, width), count, height, width))
const coloured = randomBytes(count, height, 3 * width)
const colours = place('colours', npz({ images: npy('|u1', [count, height, width, 3], coloured) }))
const images = (views: ImageViews, change: Partial<ImagesSpec> = {}): ImagesSpec => {
  return { kind: 'images', dataset: gray, resolution: 4, views, ...change }
}
const inColour = { dataset: colours, channels: 3, resolution: 3 }
const seen: Record<string, ImagesSpec> = {
  'growing noise': images({ kind: 'noise', nu: 0.3, ramp: 4 }),
  'noise along the leading components': images({ kind: 'noise', nu: 0.3, power: 3, target: 'clean' }),
  'complementary masks in colour': images({ kind: 'pixel-mask', keep: 0.6, target: 'complement' }, inColour),
  blocks: images({ kind: 'block-mask', context: 0.6, blocks: 3 }),
  'blocks in colour with a full target': images(
    { kind: 'block-mask', blocks: 2, size: 0.3, aspects: [0.5, 2], target: 'full' },
    inColour,
  ),
  crops: images({ kind: 'crop', size: 3 }),
  'the one image that three leave': images({ kind: 'noise', nu: 0.5 }, { limit: 3 }),
  flips: images({ kind: 'flip', probability: 0.3 }),
  'pairs seven images apart': images({ kind: 'temporal', lag: 7 }),
  'pairs of one digit': {
    ...{ kind: 'images', dataset: 'mnist', resolution: 4, limit: 2040 },
    views: { kind: 'temporal', lag: 5, within: 'class' },
  },
  'the next image, cropped, flipped and under two noises': images({
    kind: 'chain',
    stages: [
      { kind: 'temporal' },
      { kind: 'crop', size: 3 },
      { kind: 'noise', nu: 0.2 },
      { kind: 'noise', nu: 0.3, power: 2 },
    ],
  }),
  'flipped crops in colour behind blocks': images(
    {
      kind: 'chain',
      stages: [
        { kind: 'crop', size: 2 },
        { kind: 'flip', axis: 'vertical' },
        { kind: 'block-mask', blocks: 1 },
      ],
    },
    inColour,
  ),
}

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
        render(
          tf,
          uploaded(tf, allStacked([arrays])),
          tf.tensor3d(Float32Array.from(latents), [1, rows, m]),
        ).dataSync(),
      )
      const gap = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0)
      assert.ok(gap < 2e-6, `a gap of ${gap}`) // float32; borders of shapes take differences of pixels
    })
  }

  const all = [...families, covariance].map(
    (data) => ['family' in data ? data.family : data.kind, data] as const,
  )
  for (const [name, data] of [...all, ...Object.entries(seen)]) {
    it(`${name}: drawn views have the moments of the problem, and each step its own`, async () => {
      const problem = await openProblem(data)
      const spec = resolveSpec(netSpec({ data, seed: 5 }), problem.features)
      assert.ok(isNet(spec))
      const { draw, dispose } = drawer(tf, deviceSource(netPlan(spec, problem, [1]))!)
      const ROWS = 16_384
      const [x, y] = draw(3, ROWS)
      assert.deepEqual(draw(3, ROWS), [x, y])
      assert.notDeepEqual(draw(4, ROWS)[0], x)
      const { Sxx, Syx, Syy } = trainedMoments(problem)
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
      dispose()
    })
  }

  it('drawn blocks have the shapes and places of those in JavaScript, as often', async () => {
    const data = images({ kind: 'block-mask', blocks: 1, size: 0.2, aspects: [0.5, 2] })
    const problem = await openProblem(data)
    const { draw, dispose } = drawer(tf, imageSource(problem.images!))
    const ROWS = 4096
    const often = (y: ArrayLike<number>) => {
      const found = new Map<string, number>()
      for (let r = 0; r < ROWS; r++) {
        const shown = Array.from({ length: 16 }, (_, i) => (y[16 * r + i] === 0 ? 0 : 1)).join('')
        found.set(shown, (found.get(shown) ?? 0) + 1)
      }
      return found
    }
    const [x, y] = draw(0, ROWS)
    assert.ok(x.every((value, i) => value === 0 || y[i] === 0))
    const [found, expected] = [often(y), often(problem.sampler(1).draw(0, ROWS).y)]
    assert.equal(found.size, 16) // 8 places of 1 × 3 pixels, and 8 of 3 × 1
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort())
    for (const n of found.values()) assert.ok(Math.abs(n - ROWS / 16) < 90, `${n} of ${ROWS}`) // 6 standard errors
    dispose()
  })
})

/** Draws batches of a source, as a run of seed 5 does. */
function drawer(tf: Tfjs, source: DeviceSource) {
  const arrays = uploaded(tf, allStacked([source.arrays]))
  const seed = tf.tensor2d([5, 0], [1, 2], 'int32')
  return {
    draw: (step: number, rows: number) =>
      tf.tidy(() => {
        const now = new Draws(tf, tf.scalar(step, 'int32'), seed)
        const { x, y } = source.draw(tf, arrays, now, rows)
        return [x, y].map((view) => view.dataSync()) as [Float32Array, Float32Array]
      }),
    dispose: () => tf.dispose([arrays, seed] as never),
  }
}

/** Moments of what training meets: all but the images that are held out. */
function trainedMoments({ images, moments }: Problem): Moments {
  if (images === undefined) return moments
  const { count, lag, firsts, stages, pixels } = images
  const { left, first, stride, count: held } = imagesHeldOut(images)
  const d = pixels.length / count
  const isHeld = (k: number) => (k - first) % stride === 0 && k < held * stride
  const all = Array.from({ length: count }, (_, k) => k)
  const taken = firsts === null ? all.filter((k) => !isHeld(k)) : [...firsts.subarray(0, left)]
  assert.equal(taken.length, left)
  const own = (after: number) =>
    taken.flatMap((k) => [...pixels.subarray((k + after) * d, (k + after + 1) * d)])
  const [z, later] = [own(0), own(lag)]
  const of = (a: number[], b: number[]) => {
    return { rows: d, cols: d, data: moment(Float32Array.from(a), Float32Array.from(b), left, d) }
  }
  const bare = { Sxx: of(z, z), Syx: of(later, z), Syy: of(later, later) }
  return stages.reduce((before, stage) => stage.moments(before), bare)
}

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
