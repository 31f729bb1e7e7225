import assert from 'node:assert/strict'
import { it } from 'node:test'
import { prefersGpu } from '../../workers/engines/lanes/device.ts'

it('a card is preferred from the work that fills it, 1e7 multiply-adds side by side', () => {
  assert.equal(prefersGpu({ runs: 2441, features: 16, width: 16 }), false) // 9,998,336
  assert.equal(prefersGpu({ runs: 2442, features: 16, width: 16 }), true) // 10,002,432
})

it('one run is for the CPU up to 215 features, and a wider net is for the card sooner', () => {
  assert.equal(prefersGpu({ runs: 1, features: 215, width: 215 }), false)
  assert.equal(prefersGpu({ runs: 1, features: 216, width: 216 }), true)
  assert.equal(prefersGpu({ runs: 1, features: 64, width: 512 }), true)
})
