import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import {
  type Checkpoint,
  dropCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/artifacts/checkpoint.ts'

let root = ''
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'jepalab-checkpoint-'))
})
after(() => rm(root, { recursive: true, force: true }))

const maker = { engine: 'tensorflow', device: 'cpu' }
const at: Checkpoint = {
  step: 1234,
  time: 0.1 + 0.2,
  wallSeconds: 7.5,
  measurements: {
    time: [0, 0.1],
    step: [0, 10],
    loss: [1 / 3, 2 ** -60],
    amplitudes: [[0, Number.NaN]],
    passages: [{ time: [], amplitude: [] }],
    probes: { rank: { values: [[1, 2]] } },
  },
  state: {
    'encoder.0': { shape: [2, 3], data: Float32Array.of(1, -0, 3e-45, Number.MAX_VALUE, 5, Math.PI) },
    'lost/encoder.0': { shape: [], data: Float32Array.of(1e-12) },
  },
}
const pathOf = (id: string, attempt = 1) => join(root, id, `checkpoint-${attempt}.safetensors`)
const damaged = (why: RegExp) => ({ code: 'ARTIFACT_DAMAGED', message: why })

it('a checkpoint comes back with every bit, and the next one takes its place', async () => {
  const key = { id: 'rbits', attempt: 1 }
  assert.equal(await readCheckpoint(root, key, maker), null)
  await writeCheckpoint(root, key, maker, { ...at, step: 1 })
  await writeCheckpoint(root, key, maker, at)
  assert.deepEqual(await readCheckpoint(root, key, { device: 'cpu', engine: 'tensorflow' }), at)
  assert.deepEqual(await readdir(join(root, 'rbits')), ['checkpoint-1.safetensors'])
})

it('a file with any one byte changed, or cut short, is refused', async () => {
  const key = { id: 'rbytes', attempt: 1 }
  await writeCheckpoint(root, key, maker, at)
  const whole = readFileSync(pathOf('rbytes'))
  for (let place = 0; place < whole.length; place++) {
    const changed = Buffer.from(whole)
    changed[place]! ^= 0x04
    writeFileSync(pathOf('rbytes'), changed)
    await assert.rejects(readCheckpoint(root, key, maker), damaged(/SHA-256/), `byte ${place} was changed`)
  }
  for (const length of [0, 7, 60, 200, whole.length - 1]) {
    writeFileSync(pathOf('rbytes'), whole.subarray(0, length))
    await assert.rejects(readCheckpoint(root, key, maker), damaged(/SHA-256/), `${length} bytes are left`)
  }
})

it('one of another run, attempt, version, engine or device is refused, each by name', async () => {
  const key = { id: 'rforeign', attempt: 1 }
  await writeCheckpoint(root, key, maker, at)
  await assert.rejects(
    readCheckpoint(root, key, { ...maker, device: 'cuda' }),
    damaged(/device cpu.*device cuda/),
  )
  copyFileSync(pathOf('rforeign'), pathOf('rforeign', 2))
  await assert.rejects(readCheckpoint(root, { ...key, attempt: 2 }, maker), damaged(/rforeign, attempt 1/))
  await mkdir(join(root, 'rother'))
  copyFileSync(pathOf('rforeign'), pathOf('rother'))
  await assert.rejects(
    readCheckpoint(root, { id: 'rother', attempt: 1 }, maker),
    damaged(/tells of rforeign/),
  )
  writeFileSync(pathOf('rforeign'), ofVersion2(readFileSync(pathOf('rforeign'))))
  await assert.rejects(readCheckpoint(root, key, maker), damaged(/version 2.*version 1/))
})

/** A whole file that says that a later program wrote it. */
function ofVersion2(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const [digest] = /[0-9a-f]{64}/.exec(text)!
  const later = text.replace(digest, '0'.repeat(64)).replace('\\"version\\":1', '\\"version\\":2')
  const sha256 = createHash('sha256').update(Buffer.from(later, 'latin1')).digest('hex')
  return Buffer.from(later.replace('0'.repeat(64), sha256), 'latin1')
}

it('what is dropped leaves nothing of its attempt and of earlier ones, and nothing else goes', async () => {
  const [packed, alone] = [
    { id: 'rpacked', attempt: 2 },
    { id: 'ralone', attempt: 2 },
  ]
  for (const key of [packed, alone]) {
    for (const attempt of [1, 2]) await writeCheckpoint(root, { ...key, attempt }, maker, at)
    writeFileSync(join(root, key.id, '.checkpoint-2~host~1~00000000-0000'), 'half of it')
  }
  await writeCheckpoint(root, { ...alone, attempt: 3 }, maker, at)
  await mkdir(join(root, 'ralone', '2'))
  for (const key of [packed, alone, alone, { id: 'rnone', attempt: 1 }]) await dropCheckpoint(root, key)
  assert.ok(!existsSync(join(root, 'rpacked')), 'the folder is still there')
  assert.deepEqual((await readdir(join(root, 'ralone'))).sort(), ['2', 'checkpoint-3.safetensors'])
})
