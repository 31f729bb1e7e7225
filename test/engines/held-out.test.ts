import assert from 'node:assert/strict'
import { it } from 'node:test'
import { firstsOf } from '../../src/data/images/pairs.ts'
import { imagesHeldOut } from '../../workers/engines/held-out.ts'

for (const [count, lag] of [
  [6, 1],
  [20, 0],
  [21, 5],
  [1000, 249],
  [60_000, 0],
  [60_000, 3],
] as const) {
  it(`of ${count} images and pairs ${lag} apart, no held-out sample shows an image that training meets`, () => {
    const held = imagesHeldOut({ count, lag, firsts: lag === 0 ? null : firstsOf(count, lag, null) })
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

it('of pairs within classes, no held-out sample shows an image that training meets', () => {
  const [count, lag] = [300, 4]
  const labels = Uint16Array.from({ length: count }, (_, k) => Math.floor(k / 30) % 3)
  const firsts = firstsOf(count, lag, labels)
  assert.equal(firsts.length, 10 * 26)
  const held = imagesHeldOut({ count, lag, firsts })
  assert.equal(held.count, 52)
  const shown = new Set([...firsts.subarray(held.first)].flatMap((n) => [n, n + lag]))
  const trained = firsts.subarray(0, held.left)
  for (const x of trained) assert.ok(!shown.has(x) && !shown.has(x + lag), `${x} is shown`)
  assert.equal(labels[firsts[held.left]!], labels[firsts[held.left]! + lag])
  assert.ok(shown.has(firsts[held.left]! + lag) || held.left === held.first) // not one more than must be is left out
})
