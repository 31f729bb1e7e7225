import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { writePack } from '../../src/artifacts/pack.ts'
import {
  liesInPack,
  listArtifacts,
  openCohort,
  type RunPlace,
  readPlacedArtifact,
  readPlacedManifest,
  readRecord,
  readSeries,
} from '../../src/artifacts/place.ts'
import { type RunFiles, writeRun } from '../../src/artifacts/run-folder.ts'
import { id, measurements, netFiles, runFiles, temporaryFolder } from './example-run.ts'

const key = { id, attempt: 1 }
const alone: RunPlace = { ...key, cohort: `${id}-1` }
const packed: RunPlace = { ...key, cohort: 'ctogether' }
const files: [string, RunFiles][] = [
  ['a finished run', runFiles()],
  ['a finished run of a net', netFiles()],
  [
    'a run that diverged',
    {
      ...runFiles(),
      measurements: {
        ...measurements,
        loss: [-0, Number.POSITIVE_INFINITY, Number.NaN],
        amplitudes: [
          [0.1, Number.NaN, Number.NEGATIVE_INFINITY],
          [1e-300, -0, 3],
        ],
      },
    },
  ],
]

it('a run whose cohort bears its own name and attempt lies in a folder, any other in a pack', () => {
  assert.equal(liesInPack(alone), false)
  assert.equal(liesInPack({ ...alone, attempt: 2 }), true)
  assert.equal(liesInPack(packed), true)
})

for (const [name, run] of files) {
  it(`${name} lists and reads the same from its folder and from a pack`, async (t) => {
    const root = await temporaryFolder(t)
    await writeRun(root, key, run)
    await writePack(root, packed.cohort, [{ key, files: run }])
    const manifest = await readPlacedManifest(root, alone)
    assert.deepEqual(await readPlacedManifest(root, packed), manifest)
    assert.equal(JSON.stringify(await readPlacedManifest(root, packed)), JSON.stringify(manifest))
    const listed = await listArtifacts(root, alone)
    assert.equal(listed.length, 4)
    assert.deepEqual(await listArtifacts(root, packed), listed)
    for (const file of listed) {
      const bytes = await readPlacedArtifact(root, packed, file.name)
      assert.equal(bytes.length, file.bytes)
      assert.ok(bytes.equals(await readPlacedArtifact(root, alone, file.name)), file.name)
    }
    const { manifest: _, ...record } = await readRecord(root, alone)
    const { manifest: kept, ...same } = await readRecord(root, packed)
    assert.deepEqual(same, record)
    assert.deepEqual(kept, { ...manifest, files: [] }) // made when somebody asks
    for (const place of [alone, packed]) {
      const { spec, measurements } = await readSeries(root, place)
      assert.deepEqual({ spec, measurements }, { spec: record.spec, measurements: record.measurements })
    }
  })
}

it('a run that was not written has no files, and asking for one says so', async (t) => {
  const root = await temporaryFolder(t)
  await writePack(root, packed.cohort, [])
  for (const place of [alone, packed]) {
    assert.deepEqual(await listArtifacts(root, place), [])
    assert.equal(await readPlacedManifest(root, place), null)
    const unknown = { code: 'ARTIFACT_UNKNOWN' }
    await assert.rejects(readRecord(root, place), unknown)
    await assert.rejects(readSeries(root, place), unknown)
    await assert.rejects(readPlacedArtifact(root, place, 'spec.json'), unknown)
  }
})

it('only the names of public files are read, from either place', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  await writePack(root, packed.cohort, [{ key, files: runFiles() }])
  for (const name of ['../manifest.json', 'constructor', '__proto__', '', 'spec', `${id}.1.safetensors`]) {
    for (const place of [alone, packed]) {
      await assert.rejects(readPlacedArtifact(root, place, name), { code: 'ARTIFACT_UNKNOWN' }, name)
    }
  }
})

it('damage is told from either place', async (t) => {
  const root = await temporaryFolder(t)
  await writeRun(root, key, runFiles())
  await writePack(root, packed.cohort, [{ key, files: runFiles() }])
  const folder = join(root, 'packs', packed.cohort)
  for (const path of [
    join(root, id, '1', 'measurements.json'),
    join(folder, (await readdir(folder))[0] as string),
  ]) {
    const bytes = await readFile(path)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(path, bytes)
  }
  for (const place of [alone, packed]) {
    await assert.rejects(readSeries(root, place), { code: 'ARTIFACT_DAMAGED' })
    const cohort = await openCohort(root, place.cohort)
    await assert.rejects(cohort.read(key), { code: 'ARTIFACT_DAMAGED' })
    assert.equal(await cohort.read({ ...key, id: `${id}x` }), null)
    await cohort.close()
    await cohort.close()
  }
})
