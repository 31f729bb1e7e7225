import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { main as layersModel } from '../../examples/recorder/layers-model.ts'
import { main as maskedBars } from '../../examples/recorder/masked-bars.ts'
import { main as quickStart } from '../../examples/recorder/quick-start.ts'
import { main as twoViews } from '../../examples/recorder/two-views.ts'
import { needsTensorFlow } from '../engines/recorded.ts'

describe('the examples of the recorder', needsTensorFlow, () => {
  it('quick-start finds the weights', async () => {
    const { first, last } = await quickStart({ steps: 1000 })
    assert.ok(last < 1e-6 * first, `loss ${first}, then ${last}`)
  })

  it('layers-model trains a model of tf.layers', async () => {
    const { first, last } = await layersModel({ steps: 300 })
    assert.ok(last < 0.3 * first, `loss ${first}, then ${last}`)
  })

  it('masked-bars learns to fill in what is hidden', async () => {
    const losses = await maskedBars({ steps: 600, images: 512 })
    assert.equal(losses.length, 600)
    const mean = (some: number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length
    const [early, late] = [mean(losses.slice(0, 20)), mean(losses.slice(-20))]
    assert.ok(late < 0.7 * early, `mean loss ${early}, then ${late}`)
  })

  it('two-views comes to agree with its slow average', async () => {
    const losses = await twoViews({ steps: 100 })
    assert.ok(losses.at(-1)! < 0.5 * losses[0]!, `losses ${losses[0]} to ${losses.at(-1)}`)
  })
})
