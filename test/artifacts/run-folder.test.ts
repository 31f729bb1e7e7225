import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { writeFileAtomic } from '../../src/artifacts/atomic-write.ts'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import {
  artifactPath,
  readArtifact,
  readManifest,
  readMeasurements,
  readWeights,
  verifyRun,
  writeRun,
} from '../../src/artifacts/run-folder.ts'
import { id, measurements, runFiles, temporaryFolder, weights } from './example-run.ts'

const key = { id, attempt: 1 }
const damaged = { code: 'ARTIFACT_DAMAGED' }
const unknown = { code: 'ARTIFACT_UNKNOWN' }

it('a written run reads back bit for bit', async (t) => {
  const root = await temporaryFolder(t)
  const manifest = await writeRun(root, key, runFiles())
  assert.deepEqual(await readManifest(root, id, 1), manifest)
  assert.deepEqual(await verifyRun(root, id, 1), manifest)
  assert.deepEqual(await readMeasurements(root, id, 1), measurements)
  assert.deepEqual(await readWeights(root, id, 1), weights)
  assert.equal(manifest.fingerprint, fingerprintOf(measurements, weights))
  assert.deepEqual(JSON.parse((await readArtifact(root, id, 1, 'spec.json')).toString()), runFiles().spec)
})

it('a run folder holds five files and nothing is left beside it', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  assert.deepEqual(await readdir(join(root, id)), ['1'])
  assert.deepEqual((await readdir(join(root, id, '1'))).sort(), [
    'manifest.json',
    'measurements.json',
    'spec.json',
    'trajectory.parquet',
    'weights.safetensors',
  ])
})

it('an attempt that was never written has no manifest and no artifacts', async (t) => {
  const root = await temporaryFolder(t)
  assert.equal(await readManifest(root, id, 1), null)
  await assert.rejects(readArtifact(root, id, 1, 'spec.json'), unknown)
  await assert.rejects(verifyRun(root, id, 1), damaged)
})

it('the first writer of an attempt wins', async (t) => {
  const root = await temporaryFolder(t)
  const first = await writeRun(root, key, runFiles())
  const again = runFiles()
  const second = await writeRun(root, key, { ...again, manifest: { ...again.manifest, wallSeconds: 99 } })
  assert.deepEqual(second, first)
  assert.deepEqual(await readManifest(root, id, 1), first)
})

it('eight writers at once leave one whole run', async (t) => {
  const root = await temporaryFolder(t)
  const manifests = await Promise.all(Array.from({ length: 8 }, () => writeRun(root, key, runFiles())))
  for (const manifest of manifests) assert.equal(manifest.fingerprint, manifests[0]!.fingerprint)
  await verifyRun(root, id, 1)
  assert.deepEqual(await readdir(join(root, id)), ['1'])
})

it('a damaged run is told by name and replaced by the next writer', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  await truncate(artifactPath(root, id, 1, 'weights.safetensors'), 100)
  await assert.rejects(readWeights(root, id, 1), { ...damaged, message: /weights\.safetensors.* 100 bytes/ })
  await writeRun(root, key, runFiles())
  assert.deepEqual(await readWeights(root, id, 1), weights)
})

it('one changed byte is noticed', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  const path = artifactPath(root, id, 1, 'measurements.json')
  const bytes = await readFile(path)
  bytes[20]! ^= 1
  await writeFileAtomic(path, bytes)
  await assert.rejects(readMeasurements(root, id, 1), damaged)
})

it('a manifest of another run, of another version or of no JSON is refused', async (t) => {
  const root = await temporaryFolder(t)
  const manifest = await writeRun(root, key, runFiles())
  const path = artifactPath(root, id, 1, 'manifest.json')
  for (const text of ['{', 'null', '[]', JSON.stringify({ ...manifest, attempt: 2 })]) {
    await writeFileAtomic(path, Buffer.from(text))
    await assert.rejects(readManifest(root, id, 1), damaged, text)
  }
})

it('leftovers of dead writers go, those of living ones stay', async (t) => {
  const root = await temporaryFolder(t)
  const folder = join(root, id)
  await mkdir(folder, { recursive: true })
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const host = hostname().replaceAll(/[^A-Za-z0-9.-]/g, '_')
  const names = {
    dead: `.writing-1~${host}~${dead}~0a`,
    own: `.writing-1~${host}~${process.pid}~0b`,
    elsewhere: `.writing-1~another-host~${dead}~0c`,
    abandoned: `.writing-1~another-host~${dead}~0d`,
  }
  for (const name of Object.values(names)) await mkdir(join(folder, name))
  await writeFile(join(folder, names.dead, 'spec.json'), 'half a fi')
  await utimes(join(folder, names.abandoned), 0, 0)
  await writeRun(root, key, runFiles())
  const kept = Object.entries(names).filter(([, name]) => existsSync(join(folder, name)))
  assert.deepEqual(
    kept.map(([what]) => what),
    ['own', 'elsewhere'],
  )
})

it('ids and names that could be paths are refused', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  for (const name of [
    '../manifest.json',
    '..',
    '.',
    '',
    '/etc/passwd',
    'a/b.json',
    'spec',
    'a\0.json',
    'x..json',
  ]) {
    assert.throws(() => artifactPath(root, id, 1, name), unknown, name)
    await assert.rejects(readArtifact(root, id, 1, name), unknown, name)
  }
  for (const bad of ['..', '../x', 'r/1', '', 'R1', '.hidden', 'r%2F']) {
    assert.throws(() => artifactPath(root, bad, 1, 'spec.json'), { code: 'JOB_UNKNOWN' }, bad)
  }
  for (const attempt of [-1, 0.5, Number.NaN])
    assert.throws(() => artifactPath(root, id, attempt, 'spec.json'))
})

it('a diverged run keeps its trajectory with null where the loss left the numbers', async (t) => {
  const root = await temporaryFolder(t)
  const files = runFiles()
  const wild = { ...measurements, loss: [1, Number.POSITIVE_INFINITY, Number.NaN] }
  const manifest = await writeRun(root, key, { ...files, measurements: wild })
  const read = await readMeasurements(root, id, 1)
  assert.deepEqual(read.loss, [1, Number.NaN, Number.NaN])
  assert.equal(fingerprintOf(read, await readWeights(root, id, 1)), manifest.fingerprint)
})
