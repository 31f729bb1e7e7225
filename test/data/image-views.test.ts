import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inMemory } from '../../src/data/images/image-set.ts'
import { poolImages } from '../../src/data/images/pooled-images.ts'
import { blockShapes, blocksOf } from '../../src/data/images/stages/block-mask.ts'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { ImagesSpec, ImageViews } from '../../src/experiment/image-spec.ts'
import { inputShape } from '../../src/experiment/input-shape.ts'
import { fillDefaults } from '../../src/experiment/schema.ts'
import { netSpec } from '../engines/nets.ts'
import { assertSamplesMatch } from './empirical.ts'
import { idx, npy, npz, place, randomBytes } from './image-files.ts'

const [count, height, width] = [60, 6, 8]
const pixels = randomBytes(count, height, width)
const path = place('plain', idx(pixels, count, height, width))
const coloured = randomBytes(count, 6, 3 * 8) // neighbouring numbers are the channels of a pixel
const colours = place('colours', npz({ images: npy('|u1', [count, 6, 8, 3], coloured) }))
const images = (views: ImageViews, change: Partial<ImagesSpec> = {}): ImagesSpec => ({
  kind: 'images',
  dataset: path,
  resolution: 4,
  views,
  ...change,
})
const inColour = { dataset: colours, channels: 3, resolution: 3 }
const chain = (...stages: Extract<ImageViews, { kind: 'chain' }>['stages']): ImageViews => ({
  kind: 'chain',
  stages,
})

const cases: Record<string, { data: ImagesSpec; features: number }> = {
  'blocks of one pixel': {
    data: images({ kind: 'block-mask', size: 0.01, context: 1, blocks: 5 }),
    features: 16,
  },
  'blocks of several shapes': { data: images({ kind: 'block-mask', context: 0.6 }), features: 16 },
  'blocks with a full target': {
    data: images({ kind: 'block-mask', blocks: 2, size: 0.3, aspects: [0.5, 2], target: 'full' }),
    features: 16,
  },
  'horizontal flips': { data: images({ kind: 'flip' }), features: 16 },
  'rare vertical flips': { data: images({ kind: 'flip', probability: 0.2, axis: 'vertical' }), features: 16 },
  'pairs with the next image': { data: images({ kind: 'temporal' }), features: 16 },
  'pairs seven images apart': { data: images({ kind: 'temporal', lag: 7 }, { limit: 41 }), features: 16 },
  'pairs of one digit': {
    data: {
      ...{ kind: 'images', dataset: 'mnist', resolution: 3, limit: 1020 },
      views: { kind: 'temporal', lag: 10, within: 'class' },
    },
    features: 9,
  },
  'crops that are flipped and noisy': {
    data: images(chain({ kind: 'crop', size: 3 }, { kind: 'flip' }, { kind: 'noise', nu: 0.2, power: 2 })),
    features: 9,
  },
  'two noises, the second for x alone': {
    data: images(chain({ kind: 'noise', nu: 0.3, ramp: 3 }, { kind: 'noise', nu: 0.4, target: 'clean' })),
    features: 16,
  },
  'masks upon masks': {
    data: images(
      chain(
        { kind: 'pixel-mask', keep: 0.8, target: 'full' },
        { kind: 'pixel-mask', keep: 0.6, target: 'complement' },
        { kind: 'crop', size: 3 },
      ),
    ),
    features: 9,
  },
  'the next image behind blocks and noise': {
    data: images(
      chain({ kind: 'temporal', lag: 2 }, { kind: 'block-mask', blocks: 2 }, { kind: 'noise', nu: 0.1 }),
    ),
    features: 16,
  },
  'colours behind pixel masks': {
    data: images({ kind: 'pixel-mask', keep: 0.6, target: 'complement' }, inColour),
    features: 27,
  },
  'colours behind blocks': { data: images({ kind: 'block-mask', blocks: 2 }, inColour), features: 27 },
  'coloured crops, flipped and under growing noise': {
    data: images(
      chain(
        { kind: 'crop', size: 2 },
        { kind: 'flip', probability: 0.3 },
        { kind: 'noise', nu: 0.1, ramp: 4 },
      ),
      inColour,
    ),
    features: 12,
  },
}

describe('views of images', () => {
  for (const [name, { data, features }] of Object.entries(cases)) {
    it(`views by ${name} are drawn from the population that the moments describe`, async () => {
      const { faults, features: told } = await inspectData(data)
      assert.deepEqual(faults, [])
      const problem = await openProblem(data)
      assert.deepEqual([told, problem.features], [features, features])
      assertSamplesMatch(problem, { rows: 10_000 })
      const [many, few] = [problem.sampler(2).draw(3, 30), problem.sampler(2).draw(3, 4)]
      assert.deepEqual(few.x, many.x.slice(0, 4 * features))
      assert.deepEqual(few.y, many.y.slice(0, 4 * features))
    })
  }

  it('a chain of one stage has the moments and the draws of that stage', async () => {
    const stage = { kind: 'block-mask', blocks: 2 } as const
    const [alone, chained] = await Promise.all([
      openProblem(images(stage)),
      openProblem(images(chain(stage))),
    ])
    assert.deepEqual(chained.moments, alone.moments)
    assert.deepEqual(chained.sampler(3).draw(5, 10), alone.sampler(3).draw(5, 10))
  })

  it('block moments are the average over every image and every place of the blocks', async () => {
    const data = images({ kind: 'block-mask', context: 0.5, blocks: 2, size: 0.2, aspects: [0.5, 2] })
    const { moments } = await openProblem(data)
    const shape = { side: 4, channels: 1 }
    const z = poolImages('test', inMemory({ count, height, width, channels: 1 }, pixels), 4).pixels
    const { context, blocks } = blockShapes(data.views as never, 4)
    assert.deepEqual(blocks, [
      { height: 1, width: 3 },
      { height: 3, width: 1 },
    ]) // 4 √(.2 · .5) = 1.26 by 2.53
    const contexts = context.flatMap((block) => blocksOf(block, shape))
    const targets = blocks.flatMap((block) => blocksOf(block, shape))
    assert.deepEqual([contexts.length, targets.length], [4, 16])
    const sums = { Sxx: new Float64Array(256), Syx: new Float64Array(256), Syy: new Float64Array(256) }
    const C = new Float64Array(256)
    for (let at = 0; at < 256; at++)
      for (let k = 0; k < count; k++) C[at]! += (z[16 * k + (at >> 4)]! * z[16 * k + (at & 15)]!) / count
    for (const seen of contexts) {
      for (const first of targets) {
        for (const second of targets) {
          for (let at = 0; at < 256; at++) {
            const hidden = (i: number) => Math.max(first[i]!, second[i]!)
            const shown = (i: number) => seen[i]! * (1 - hidden(i))
            const [i, j] = [at >> 4, at & 15]
            sums.Sxx[at]! += (shown(i) * shown(j) * C[at]!) / 1024
            sums.Syx[at]! += (hidden(i) * shown(j) * C[at]!) / 1024
            sums.Syy[at]! += (hidden(i) * hidden(j) * C[at]!) / 1024
          }
        }
      }
    }
    for (const [name, expected] of Object.entries(sums)) {
      const { data: found } = moments[name as keyof typeof sums]
      const gap = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - found[at]!)), 0)
      assert.ok(gap < 1e-13, `${name} is off by ${gap}`) // rounding only
    }
  })

  it('views of images that follow each other take the first of the set and pair each with the one that is lag later', async () => {
    const { moments, images: known } = await openProblem(images({ kind: 'temporal', lag: 3 }, { limit: 20 }))
    const first = inMemory({ count: 20, height, width, channels: 1 }, pixels.slice(0, 20 * height * width))
    const z = poolImages('test', first, 4).pixels
    assert.deepEqual(known?.pixels, z)
    const Syx = new Float64Array(256)
    for (let at = 0; at < 256; at++)
      for (let k = 0; k < 17; k++) Syx[at]! += (z[16 * (k + 3) + (at >> 4)]! * z[16 * k + (at & 15)]!) / 17
    const gap = Syx.reduce((most, value, at) => Math.max(most, Math.abs(value - moments.Syx.data[at]!)), 0)
    assert.ok(gap < 1e-14, `a gap of ${gap}`) // rounding only
  })

  it('pairs within classes leave out those that have two labels', async () => {
    const views = { kind: 'temporal', lag: 10, within: 'class' } as const
    const { images: known } = await openProblem({ kind: 'images', dataset: 'mnist', limit: 1020, views })
    const labels = known!.labels!
    assert.notEqual(labels[0], labels[1019]) // the digits lie by class
    assert.equal(known!.firsts!.length, 1000)
    assert.ok(known!.firsts!.every((k) => labels[k] === labels[k + 10]))
  })

  it('every image, and every pair, is chosen as often as any other', async () => {
    for (const [lag, choices] of [
      [0, 60],
      [5, 55],
    ] as const) {
      const still = { kind: 'noise', nu: 0 } as const
      const problem = await openProblem(images(lag === 0 ? still : { kind: 'temporal', lag }))
      const z = problem.images!.pixels
      const number = new Map(
        Array.from({ length: count }, (_, k) => [z.slice(16 * k, 16 * k + 16).join(), k]),
      )
      assert.equal(number.size, count)
      const rows = 500 * choices
      const { x, y } = problem.sampler(4).draw(0, rows)
      const drawn = new Float64Array(choices)
      for (let r = 0; r < rows; r++) {
        const of = (view: Float64Array) => number.get(view.slice(16 * r, 16 * r + 16).join())!
        assert.equal(of(y) - of(x), lag)
        drawn[of(x)]! += 1
      }
      const square = drawn.reduce((sum, n) => sum + (n - 500) ** 2 / 500, 0)
      assert.ok(square < choices + 5 * Math.sqrt(2 * choices), `χ² is ${square} of ${choices - 1}`)
    }
  })

  it('images in colour keep what each channel has, and their mean is the gray image', async () => {
    const values = Uint8Array.from([9, 0, 3, 1, 2, 6, 0, 0, 3, 5, 5, 5]) // two images of 1 × 2 pixels
    const set = inMemory({ count: 2, height: 1, width: 2, channels: 3 }, values)
    const { pixels: found } = poolImages('test', set, 1, 2, { channels: 3 })
    const cells = [5, 1, 4.5, 2.5, 2.5, 4] // the means of two pixels
    const gaps = [0, 1, 2].map((c) => (cells[c]! - cells[3 + c]!) / 2)
    const size = Math.sqrt(gaps.reduce((sum, gap) => sum + gap * gap, 0) / 3)
    for (const [c, gap] of gaps.entries()) {
      assert.ok(Math.abs(found[c]! - gap / size) < 1e-6, `channel ${c} is ${found[c]}`) // float32
      assert.ok(Math.abs(found[3 + c]! + gap / size) < 1e-6)
    }
    const data = images({ kind: 'crop', size: 2 }, inColour)
    assert.deepEqual(inputShape(data, 12), [2, 2, 3])
  })

  it('defaults are filled in within a chain, so that saying them changes nothing', () => {
    const bare = netSpec({ data: images(chain({ kind: 'temporal' }, { kind: 'noise', nu: 1 })) })
    const said = netSpec({
      data: images(
        chain(
          { kind: 'temporal', lag: 1, within: 'set' },
          { kind: 'noise', nu: 1, ramp: 0, power: 0, target: 'independent' },
        ),
      ),
    })
    assert.deepEqual(fillDefaults(bare), fillDefaults(said))
    assert.deepEqual(
      (fillDefaults(netSpec({ data: images({ kind: 'block-mask' }) })).data as ImagesSpec).views,
      {
        ...{
          kind: 'block-mask',
          context: 0.85,
          blocks: 4,
          size: 0.2,
          aspects: [0.75, 1, 1.5],
          target: 'blocks',
        },
      },
    )
  })
})
