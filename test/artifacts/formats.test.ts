import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { unzipSync } from 'fflate'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { writeFileAtomic } from '../../src/artifacts/atomic-write.ts'
import { trajectoryCsv, writeCsv } from '../../src/artifacts/csv.ts'
import { trajectoryNpz, writeNpy } from '../../src/artifacts/npz.ts'
import { trajectoryParquet } from '../../src/artifacts/parquet.ts'
import { readSafetensors, writeSafetensors } from '../../src/artifacts/safetensors.ts'
import type { TrajectoryView } from '../../src/experiment/result-view.ts'
import { temporaryFolder, weights } from './example-run.ts'

const trajectory: TrajectoryView = {
  time: [0, 0.1, 0.30000000000000004],
  step: [0, 1, 3],
  loss: [1, 0.5, null],
  features: [
    { index: 0, measured: [0.1, 0.2, 0.7], predicted: [0.1, 0.2, 0.6] },
    { index: 1, measured: [1e-300, 2, null], predicted: [null, null, null] },
  ],
}

it('csv has a header, full precision and empty fields for missing numbers', () => {
  assert.deepEqual(trajectoryCsv(trajectory).split('\r\n'), [
    'time,step,loss,measured_0,predicted_0,measured_1,predicted_1',
    '0,0,1,0.1,0.1,1e-300,',
    '0.1,1,0.5,0.2,0.2,2,',
    '0.30000000000000004,3,,0.7,0.6,,',
    '',
  ])
  assert.throws(() => writeCsv([{ name: 'a,b', values: [] }]), /quotes/)
})

it('parquet reads back as the same table of float64', async () => {
  const bytes = trajectoryParquet(trajectory)
  const file = bytes.slice().buffer
  assert.deepEqual(await parquetReadObjects({ file }), [
    { time: 0, step: 0, loss: 1, measured_0: 0.1, predicted_0: 0.1, measured_1: 1e-300, predicted_1: null },
    { time: 0.1, step: 1, loss: 0.5, measured_0: 0.2, predicted_0: 0.2, measured_1: 2, predicted_1: null },
    {
      time: 0.30000000000000004,
      step: 3,
      loss: null,
      measured_0: 0.7,
      predicted_0: 0.6,
      measured_1: null,
      predicted_1: null,
    },
  ])
  const types = parquetMetadata(file)
    .schema.slice(1)
    .map(({ type }) => type)
  assert.deepEqual([...new Set(types)], ['DOUBLE'])
})

it('an npy file has an aligned version 1.0 header and the numbers in row order', () => {
  const bytes = writeNpy({ shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) })
  assert.deepEqual([...bytes.subarray(0, 8)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true)
  assert.equal(start % 64, 0)
  const header = new TextDecoder().decode(bytes.subarray(10, start))
  assert.match(header, /^\{'descr': '<f8', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/)
  assert.deepEqual([...new Float64Array(bytes.slice(start).buffer)], [1, 2, 3, 4, 5, 6])
  assert.throws(() => writeNpy({ shape: [2, 2], data: new Float64Array(3) }), /does not hold/)
})

it('npz holds one npy file per array and its bytes do not depend on the hour', () => {
  const bytes = trajectoryNpz(trajectory)
  assert.deepEqual(Object.keys(unzipSync(bytes)).sort(), [
    'index.npy',
    'loss.npy',
    'measured.npy',
    'predicted.npy',
    'step.npy',
    'time.npy',
  ])
  assert.deepEqual(trajectoryNpz(trajectory), bytes)
})

it('safetensors gives back every bit of the weights, also from the middle of a buffer', () => {
  const bytes = writeSafetensors(weights)
  assert.deepEqual(readSafetensors(bytes), weights)
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  assert.deepEqual(readSafetensors(shifted.subarray(3)), weights)
  assert.ok(Object.is((readSafetensors(bytes) as typeof weights).decoder.data[4], -0))
})

it('a truncated or lying safetensors file is damaged, not read', () => {
  const bytes = writeSafetensors(weights)
  const lying = bytes.slice()
  new DataView(lying.buffer).setBigUint64(0, 2n ** 60n, true)
  const noJson = bytes.slice()
  noJson[8] = 0
  const wrongType = Buffer.from(Buffer.from(bytes).toString('latin1').replace('F64', 'F32'), 'latin1')
  for (const bad of [
    bytes.subarray(0, 5),
    bytes.subarray(0, 40),
    bytes.subarray(0, -1),
    lying,
    noJson,
    wrongType,
  ]) {
    assert.throws(() => readSafetensors(bad), { code: 'ARTIFACT_DAMAGED' })
  }
})

const numpy = spawnSync('python3', ['-c', 'import numpy']).status === 0

it('NumPy reads the npz', { skip: numpy ? false : 'python3 with numpy is not here' }, async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'trajectory.npz')
  await writeFile(path, trajectoryNpz(trajectory))
  const script =
    'import sys, json, numpy; f = numpy.load(sys.argv[1]); print(json.dumps([f["measured"].tolist()[0], ' +
    'str(f["index"].dtype), f["predicted"].shape, bool(numpy.isnan(f["loss"][2])), f["time"].tolist()]))'
  const { stdout, stderr } = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), [[0.1, 0.2, 0.7], 'int64', [2, 3], true, trajectory.time])
})

it('an atomic write replaces the file and leaves no temporary one, also when it fails', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'x.json')
  await writeFileAtomic(path, Buffer.from('old'))
  await writeFileAtomic(path, Buffer.from('new'))

  assert.equal(await readFile(path, 'utf8'), 'new')
  await mkdir(join(folder, 'taken', 'full'), { recursive: true })
  await assert.rejects(writeFileAtomic(join(folder, 'taken'), Buffer.from('x')))
  assert.deepEqual((await readdir(folder)).sort(), ['taken', 'x.json'])
})
