import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { measuredColumns } from '../../src/artifacts/column.ts'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { formatMeasurements, parseMeasurements } from '../../src/artifacts/measurements-json.ts'
import { writeParquet } from '../../src/artifacts/parquet.ts'
import { writeRecord } from '../../src/artifacts/run-record.ts'
import { readSafetensors, writeSafetensors, writeTensors } from '../../src/artifacts/safetensors.ts'
import { measurements, netMeasurements, netWeights, runFiles, weights } from './example-run.ts'

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

it('the files of deep linear runs have the bytes that they had before nets', () => {
  const files = runFiles()
  const manifest = { ...files.manifest, versions: { node: '20' } }
  const known = {
    '11d83be08080723555eb1a0177c2f98feca5134bbb60d87e417a485b575f154c': writeRecord({ ...files, manifest })
      .bytes,
    d3866312754f795471df251b24c4fd2f5aca41862b6294acc1caacc74ded2393: writeSafetensors(weights),
    '839cb1d11adf28aa85ea11d0f3de8602f9b1e5f340130d80c442ba9e8b1a2313': formatMeasurements(measurements),
    '667e4b8c127259c473a5fe525a822724d97102f444f75c8557315bb17740ab6e': writeParquet(
      measuredColumns(measurements),
    ),
  }
  for (const [hash, bytes] of Object.entries(known)) assert.equal(sha256(bytes), hash)
})

it('the tensors of a net come back from safetensors as float32, with shapes and names in order', () => {
  const read = readSafetensors(writeSafetensors(netWeights))
  assert.deepEqual(read, netWeights)
  assert.deepEqual(Object.keys(read), Object.keys(netWeights))
})

it('a net without tensors is one still', () => {
  assert.deepEqual(readSafetensors(writeSafetensors({})), {})
})

it('a damaged tensor of a net is told', () => {
  const bytes = Buffer.from(writeSafetensors(netWeights))
  const mistyped = Buffer.from(bytes.toString('latin1').replace('F32', 'F64'), 'latin1')
  for (const bad of [bytes.subarray(0, -1), mistyped]) {
    assert.throws(() => readSafetensors(bad), { code: 'ARTIFACT_DAMAGED' })
  }
})

it('float64 may not follow float32 where it would lie askew', () => {
  const askew = [
    ['a', { shape: [1], data: Float32Array.of(1) }],
    ['b', { shape: [1], data: [1] }],
  ] as const
  assert.throws(() => writeTensors(askew, {}), /b of float64 follows/)
})

it('probes come back from measurements.json; series of another length are damage', () => {
  const text = formatMeasurements(netMeasurements)
  assert.deepEqual(parseMeasurements(text), {
    ...netMeasurements,
    probes: { ...netMeasurements.probes, rank: { values: [[3.5, 2, 0]] } },
  })
  const cut = JSON.stringify({ ...netMeasurements, probes: { rank: { values: [[1]] } } })
  assert.throws(() => parseMeasurements(cut), { code: 'ARTIFACT_DAMAGED', message: /differ in length/ })
  const empty = JSON.stringify({ ...netMeasurements, probes: { rank: {} } })
  assert.throws(() => parseMeasurements(empty), { code: 'ARTIFACT_DAMAGED' })
})

it('the table of a net has a column for each value of each probe', () => {
  const columns = measuredColumns(netMeasurements).slice(5)
  assert.deepEqual(columns, [
    { name: 'probe_latents_0', values: [0.1, null, 0.75] },
    { name: 'probe_latents_1', values: [-0.25, null, 1 / 3] },
    { name: 'probe_rank', values: [3.5, 2, 0] },
  ])
})

it('the fingerprint of a net knows probes, tensors, names and shapes, but not their order', () => {
  const original = fingerprintOf(netMeasurements, netWeights)
  const { latents, rank } = netMeasurements.probes!
  assert.equal(
    fingerprintOf({ ...netMeasurements, probes: { rank: rank!, latents: latents! } }, netWeights),
    original,
  )
  const reversed = Object.fromEntries(Object.entries(netWeights).reverse())
  assert.equal(fingerprintOf(netMeasurements, reversed), original)
  const { scale, ...others } = netWeights
  const changes = [
    fingerprintOf({ ...netMeasurements, probes: { latents: latents! } }, netWeights),
    fingerprintOf({ ...netMeasurements, probes: { latents: latents!, ranks: rank! } }, netWeights),
    fingerprintOf(measurements, netWeights),
    fingerprintOf(netMeasurements, others),
    fingerprintOf(netMeasurements, { ...others, gain: scale! }),
    fingerprintOf(netMeasurements, { ...others, scale: { shape: [1], data: scale!.data } }),
    fingerprintOf(netMeasurements, { ...others, scale: { shape: [], data: Float32Array.of(7.000001) } }),
    fingerprintOf(netMeasurements, weights),
  ]
  assert.equal(new Set([original, ...changes]).size, changes.length + 1)
})
