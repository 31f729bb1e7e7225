import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LatentBatch } from '../../../src/data/sampler.ts'
import type { DataOfKind } from '../../../src/experiment/data-spec.ts'
import { families, openNonlinear } from './families.ts'

const all = Object.entries<DataOfKind<'nonlinear'>>(families)
const parts = ['x', 'y', 'latents', 'targetLatents'] as const

function joined(batches: readonly LatentBatch[]): LatentBatch {
  const join = (part: keyof LatentBatch) => Float64Array.from(batches.flatMap((batch) => [...batch[part]]))
  return Object.fromEntries(parts.map((part) => [part, join(part)])) as unknown as LatentBatch
}

/** The latents of each row, as text. */
function rowsOf({ latents }: LatentBatch, m: number): string[] {
  return Array.from({ length: latents.length / m }, (_, r) => latents.slice(r * m, (r + 1) * m).join())
}

for (const [name, data] of all) {
  it(`sample k of ${name} depends on k alone, in blocks of any size`, async () => {
    const { latents } = await openNonlinear(data)
    const whole = latents.heldOut(1000, 700)
    const sizes = [1, 2, 97, 600]
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 1000))
    assert.deepEqual(joined(sizes.map((size, i) => latents.heldOut(starts[i]!, size))), whole)
  })

  it(`a row of a minibatch of ${name} depends on seed, step and row alone`, async () => {
    const { sampler } = await openNonlinear(data)
    const many = sampler(4).draw(9, 600)
    for (const rows of [3, 513]) {
      const few = sampler(4).draw(9, rows)
      assert.deepEqual(few.x, many.x.slice(0, few.x.length))
      assert.deepEqual(few.y, many.y.slice(0, few.y.length))
    }
    assert.notDeepEqual(sampler(4).draw(10, 3), sampler(4).draw(9, 3))
    assert.notDeepEqual(sampler(5).draw(9, 3), sampler(4).draw(9, 3))
  })

  it(`a stream of ${name} never repeats a sample and never meets those held out`, async () => {
    const { latents } = await openNonlinear(data)
    const m = latents.names.length
    const seen = [0, 1, 2, 1e8].flatMap((step) => rowsOf(latents.sampler(0).draw(step, 500), m))
    const held = rowsOf(latents.heldOut(0, 2000), m)
    assert.equal(new Set([...seen, ...held]).size, 4000)
  })

  it(`a stored set of 50 samples of ${name} is the same 50 whatever the run's seed`, async () => {
    const { latents } = await openNonlinear({ ...data, samples: 50 })
    const m = latents.names.length
    const sets = [1, 2].map((seed) => rowsOf(latents.sampler(seed).draw(0, 2000), m))
    const [one, other] = sets.map((rows) => new Set(rows))
    assert.deepEqual([one!.size, other!.size], [50, 50])
    assert.deepEqual([...one!].sort(), [...other!].sort())
    assert.notDeepEqual(sets[0], sets[1])
    const elsewhere = await openNonlinear({ ...data, samples: 50, seed: 77 })
    assert.ok(!rowsOf(elsewhere.latents.sampler(1).draw(0, 50), m).some((row) => one!.has(row)))
  })

  it(`a stored set of 10,000,000 samples of ${name} holds none of them`, async () => {
    const problem = await openNonlinear({ ...data, samples: 10_000_000 })
    problem.sampler(0).draw(0, 10)
    const before = process.memoryUsage()
    const { latents } = problem.latents.sampler(0).draw(1, 1000)
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers
    const bytes = 4 * 1000 * (problem.features + latents.length / 1000) * 8
    assert.ok(grown < 2 * bytes + 1e7, `${grown} bytes for 1,000 rows`) // the batch, its rendering and slack
    assert.equal(new Set(rowsOf({ latents } as LatentBatch, problem.latents.names.length)).size, 1000)
  })

  it(`a pair of views of ${name} takes less than 200 µs to draw`, async () => {
    const { sampler } = await openNonlinear(data)
    const draws = sampler(1)
    draws.draw(0, 512)
    const start = performance.now()
    for (let step = 1; step <= 8; step++) draws.draw(step, 512)
    const microseconds = ((performance.now() - start) * 1000) / (8 * 512)
    assert.ok(microseconds < 200, `${microseconds} µs`) // 2 to 10 on a machine at rest
  })
}

it('opening twice gives the same weights, and another seed gives others', async () => {
  for (const [, data] of all) {
    const [one, same, other] = await Promise.all([
      openNonlinear(data),
      openNonlinear({ ...data }),
      openNonlinear({ ...data, seed: 99 }),
    ])
    const draw = (problem: typeof one) => problem.sampler(3).draw(0, 2).x
    assert.deepEqual(draw(one), draw(same))
    assert.notDeepEqual(draw(one), draw(other))
  }
})
