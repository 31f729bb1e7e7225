import assert from 'node:assert/strict'
import { it } from 'node:test'
import { imagesHeldOut } from '../../workers/engines/held-out.ts'

for (const [count, lag] of [
  [5, 1],
  [20, 0],
  [21, 5],
  [1000, 249],
  [60_000, 0],
  [60_000, 3],
] as const) {
  it(`of ${count} images and pairs ${lag} apart, no held-out sample shows an image that training meets`, () => {
    const held = imagesHeldOut({ count, lag })
    assert.ok(held.count >= 2 && held.count <= 3072 && held.left >= 1, JSON.stringify(held))
    const shown = new Set(
      Array.from({ length: held.count }, (_, k) => held.first + k * held.stride).flatMap((n) => [n, n + lag]),
    )
    assert.ok(Math.max(...shown) < count)
    if (lag === 0) {
      assert.equal(held.left, count - shown.size)
      return
    }
    for (let x = 0; x < held.left; x++) assert.ok(!shown.has(x) && !shown.has(x + lag), `${x} is shown`)
    assert.equal(count - held.left - held.count, 2 * lag) // an image is left out for each that a y needs
  })
}
