import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SetMeter } from '../../../src/data/import/measure.ts'
import { inspectData } from '../../../src/data/inspect.ts'
import { openProblem } from '../../../src/data/open-problem.ts'
import { idx, npy, npz, randomBytes } from '../image-files.ts'
import { add, artifacts, put } from './stand.ts'

const [count, side] = [600, 20] // more than a block of 512
const pixels = randomBytes(count, side, side)
const path = put('measured', idx(pixels, count, side, side))
const noise = (nu: number) => ({ kind: 'noise', nu }) as const

it('means and deviations are those of the pixels, channel by channel', async () => {
  const colour = randomBytes(40, 5, 12) // [40][5][4][3]
  const { record } = await add(put('colour.npz', npz({ x: npy('|u1', [40, 5, 4, 3], colour) })))
  for (let c = 0; c < 3; c++) {
    const values = [...colour].filter((_, at) => at % 3 === c)
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
    assert.ok(Math.abs(record.mean[c]! - mean) < 1e-9, `channel ${c}: ${record.mean[c]} and ${mean}`) // rounding only
    assert.ok(Math.abs(record.deviation[c]! - deviation) < 1e-9, `channel ${c}`) // rounding only
  }
})

it('the spectrum is λ of the set under noise at its resolution', async () => {
  const { id, record } = await add(path)
  const { resolution, eigenvalues } = record.spectrum
  assert.equal(resolution, 10) // two pixels an area, 16 at most
  const data = { kind: 'images', dataset: id, resolution, views: noise(1) } as const
  const { spectrum } = await openProblem(data, artifacts)
  const lambda = [...spectrum.lambda].sort((a, b) => b - a)
  for (const [i, value] of eigenvalues.entries()) {
    assert.ok(Math.abs(value - lambda[i]!) < 1e-5, `${i}: ${value} and ${lambda[i]}`) // float32 pixels
  }
  const trace = eigenvalues.reduce((sum, value) => sum + value)
  assert.ok(Math.abs(trace - resolution ** 2) < 1e-9, String(trace)) // rounding only
})

it('a set is measured alike however its images come in', () => {
  const header = { count, height: side, width: side, channels: 1 }
  const [whole, parts] = [new SetMeter(header), new SetMeter(header)]
  whole.push(pixels)
  for (let k = 0; k < count; k += 7) parts.push(pixels.subarray(k * side * side, (k + 7) * side * side))
  assert.deepEqual(parts.end(), whole.end())
})

it('a spec takes a registered set by id and by name: its digest is the SHA-256, its numbers are those of the file', async () => {
  const { id, record } = await add(path, {}, 'measured')
  const data = { kind: 'images', dataset: path, resolution: 5, views: { kind: 'crop', size: 3 } } as const
  const expected = await openProblem(data)
  for (const dataset of [id, 'measured']) {
    const { digest, faults, features } = await inspectData({ ...data, dataset }, artifacts)
    assert.deepEqual([digest, faults, features], [record.sha256, [], 9])
    const found = await openProblem({ ...data, dataset }, artifacts)
    assert.deepEqual(found.moments, expected.moments)
    assert.deepEqual(found.sampler(3).draw(5, 7), expected.sampler(3).draw(5, 7))
  }
  const { faults } = await inspectData({ ...data, dataset: 'measurd' }, artifacts)
  assert.match(
    faults[0]!.message,
    /neither mnist nor fashion-mnist nor an absolute path, and no set of this name/,
  )
  const tooFine = await inspectData({ ...data, dataset: 'measured', resolution: 21 }, artifacts)
  assert.match(tooFine.faults[0]!.message, /resolution 21 is above the 20×20 pixels/)
})
