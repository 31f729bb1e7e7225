import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { estimateNet } from '../../src/dispatch/net-work.ts'
import type { ImageViews } from '../../src/experiment/image-spec.ts'
import { isNet, resolveSpec } from '../../src/experiment/resolve.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { idx, place, randomBytes } from '../data/image-files.ts'
import { netSpec, trainNet } from '../engines/nets.ts'
import { needsTensorFlow } from '../engines/recorded.ts'

const [count, side, batchSize] = [4000, 32, 3000]
const dataset = place('many-images', idx(randomBytes(count, side, side), count, side, side))
const seen = (views: ImageViews) =>
  netSpec({
    data: { kind: 'images', dataset, resolution: side, views },
    training: { mode: 'sgd', learningRate: 1e-6, batchSize, steps: 3 },
    measure: { points: 2 },
  })
const estimated = (views: ImageViews) => {
  const spec = resolveSpec(seen(views), side ** 2)
  assert.ok(isNet(spec))
  return estimateNet(spec, side ** 2, count).memoryBytes
}

describe('the memory of nets', needsTensorFlow, () => {
  it('grows with the blocks of a mask as the estimate says', async (t) => {
    const engine = await openTensorFlowEngine('cpu')
    const [few, many]: ImageViews[] = [1, 16].map((blocks) => ({ kind: 'block-mask', blocks }))
    const most: number[] = []
    for (const views of [few!, many!]) {
      await trainNet(engine, seen(views))
      most.push(process.resourceUsage().maxRSS * 1024)
    }
    const [grown, told] = [most[1]! - most[0]!, estimated(many!) - estimated(few!)]
    const figures = `${grown / 1e6} MB, estimated ${told / 1e6} MB`
    t.diagnostic(figures)
    assert.ok(grown < told && grown > told / 3, figures)
    assert.ok(most[1]! < estimated(many!), figures)
  })

  it('has room for the places of small blocks in large images', () => {
    const small = estimated({ kind: 'block-mask', size: 0.01, context: 0.01 })
    const large = estimated({ kind: 'block-mask', size: 0.9, context: 1, aspects: [1] })
    const places = 30 * 29 + 30 * 30 + 29 * 30 + 30 * 30 // 3 × 4, 3 × 3 and 4 × 3 pixels, and the context
    assert.equal(small - large, 2 * 4 * side ** 2 * (places - 9 - 1)) // float32, here and in TensorFlow
  })
})
