import assert from 'node:assert/strict'
import { it } from 'node:test'
import { callMs } from '../../workers/engines/lanes/pacing.ts'

it('a call of lanes lasts longer where its weights take long to come in and out, and never long enough to be silent', () => {
  const weights = (runs: number, width: number) => runs * 4 * width ** 2
  assert.equal(callMs(weights(1000, 4)), 300)
  assert.equal(callMs(weights(16, 64)), 300)
  const wide = callMs(weights(1, 1024))
  assert.ok(wide > 1000 && wide < 1500, `${wide} ms`)
  assert.equal(callMs(weights(16, 1024)), 1500)
})
