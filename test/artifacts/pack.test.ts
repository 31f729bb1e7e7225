import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { openPacks, type Packs, writePack } from '../../src/artifacts/pack.ts'
import type { RunFiles, RunKey } from '../../src/artifacts/run-folder.ts'
import { readSafetensors } from '../../src/artifacts/safetensors.ts'
import { measurements, runFiles, temporaryFolder, weights } from './example-run.ts'

const cohort = 'cabcdefghij'
const damaged = { code: 'ARTIFACT_DAMAGED' }

/** A run of its own name with the example's numbers. */
function run(number: number, change: Partial<RunFiles> = {}): { key: RunKey; files: RunFiles } {
  const key = { id: `r${number}`, attempt: 1 }
  const files = { ...runFiles(), ...change }
  return { key, files: { ...files, manifest: { ...files.manifest, ...key } } }
}

const runs = Array.from({ length: 20 }, (_, i) => run(i))

async function opened(test: TestContext, root: string): Promise<Packs> {
  const packs = await openPacks(root, cohort)
  test.after(() => packs.close())
  return packs
}

async function packFiles(root: string): Promise<string[]> {
  const folder = join(root, 'packs', cohort)
  return (await readdir(folder)).sort().map((name) => join(folder, name))
}

it('runs of a pack read back bit for bit, in one file with nothing beside it', async (t) => {
  const root = await temporaryFolder(t)
  const manifests = await writePack(root, cohort, runs)
  const packs = await opened(t, root)
  for (const [i, { key, files }] of runs.entries()) {
    assert.deepEqual(await packs.read(key), {
      spec: files.spec,
      manifest: manifests[i],
      measurements,
      weights,
    })
  }
  assert.deepEqual(
    await packs.manifests(),
    new Map(manifests.map((manifest) => [`${manifest.id}.1`, manifest])),
  )
  assert.equal((await packFiles(root)).length, 1)
  assert.match((await packFiles(root))[0]!, /\/1-[0-9a-f-]{36}\.zip$/)
})

it('a run in the latest pack is read without a look into the others', async (t) => {
  const root = await temporaryFolder(t)
  for (const each of runs) await writePack(root, cohort, [each])
  const packs = await opened(t, root)
  for (const path of await packFiles(root)) if (!/\/20-[^/]+$/.test(path)) await rm(path)
  assert.deepEqual((await packs.read(runs[19]!.key))!.weights, weights)
  await assert.rejects(packs.read(runs[0]!.key), { code: 'ENOENT' }) // only now the others are opened
})

it('a run that no pack holds and a cohort without packs are not there', async (t) => {
  const root = await temporaryFolder(t)
  assert.equal((await (await opened(t, root)).manifests()).size, 0)
  assert.deepEqual(await writePack(root, cohort, []), [])
  await writePack(root, cohort, runs)
  const packs = await opened(t, root)
  assert.equal(await packs.read({ id: 'r0', attempt: 2 }), null)
  assert.equal(await packs.read({ id: 'r20', attempt: 1 }), null)
  await assert.rejects(openPacks(root, '../x'), RangeError)
})

it('a pack is a plain zip of safetensors whose bytes are the same for the same runs', async (t) => {
  const [a, b] = [await temporaryFolder(t), await temporaryFolder(t)]
  for (const root of [a, b]) await writePack(root, cohort, runs)
  const [first, second] = await Promise.all([a, b].map(async (root) => readFile((await packFiles(root))[0]!)))
  assert.deepEqual(first, second)
  const entries = unzipSync(first!)
  assert.deepEqual(
    Object.keys(entries),
    runs.map(({ key }) => `${key.id}.1.safetensors`),
  )
  assert.deepEqual(readSafetensors(entries['r7.1.safetensors']!), weights)
})

const python = spawnSync('python3', ['-c', 'import zipfile']).status === 0

it('Python reads a pack and finds no fault in it', { skip: python ? false : 'no python3' }, async (t) => {
  const root = await temporaryFolder(t)
  await writePack(root, cohort, runs)
  const [path] = await packFiles(root)
  const { stdout } = spawnSync('python3', ['-m', 'zipfile', '-t', path!], { encoding: 'utf8' })
  assert.match(stdout, /Done testing/)
  assert.doesNotMatch(stdout, /corrupt/)
})

it('what JSON would not keep, a pack does not keep either, and the weights keep every bit', async (t) => {
  const root = await temporaryFolder(t)
  const wild = { ...measurements, loss: [-0, Number.POSITIVE_INFINITY, Number.NaN] }
  await writePack(root, cohort, [run(0, { measurements: wild })])
  const record = await (await opened(t, root)).read({ id: 'r0', attempt: 1 })
  assert.deepEqual(record!.measurements.loss, [0, Number.NaN, Number.NaN])
  assert.ok(Object.is(record!.weights.decoder.data[4], -0))
})

it('a spec with letters of any alphabet and no passages goes into a pack and out of it', async (t) => {
  const root = await temporaryFolder(t)
  const spec = { ...runFiles().spec, data: { kind: 'images', dataset: '/データ/é𝛌.npz' } as never }
  const bare = { ...measurements, amplitudes: [], passages: [] }
  await writePack(root, cohort, [run(0, { spec, measurements: bare })])
  const record = await (await opened(t, root)).read({ id: 'r0', attempt: 1 })
  assert.deepEqual(record!.spec, spec)
  assert.deepEqual(record!.measurements, bare)
})

it('what does not fit into one pack goes into several', async (t) => {
  const root = await temporaryFolder(t)
  const manifests = await writePack(root, cohort, runs, 6000)
  assert.ok((await packFiles(root)).length >= 4)
  for (const path of await packFiles(root)) assert.ok((await readFile(path)).length <= 6000, path)
  assert.deepEqual(
    await (await opened(t, root)).manifests(),
    new Map(manifests.map((manifest) => [`${manifest.id}.1`, manifest])),
  )
})

it('two workers may write the same runs at once, and each run counts once', async (t) => {
  const root = await temporaryFolder(t)
  await Promise.all([writePack(root, cohort, runs.slice(0, 15)), writePack(root, cohort, runs.slice(5))])
  const packs = await opened(t, root)
  assert.equal((await packs.manifests()).size, 20)
  for (const { key } of runs) assert.deepEqual((await packs.read(key))!.measurements, measurements)
  assert.equal((await packFiles(root)).length, 2)
})

it('one changed byte damages one run; another pack that holds it whole stands in', async (t) => {
  const root = await temporaryFolder(t)
  await writePack(root, cohort, runs)
  const [path] = await packFiles(root)
  const bytes = await readFile(path!)
  bytes[bytes.indexOf('r3.1.safetensors') + 600]! ^= 1
  await writeFile(path!, bytes)

  const packs = await opened(t, root)
  await assert.rejects(packs.read({ id: 'r3', attempt: 1 }), { ...damaged, message: /r3\.1.*CRC-32/ })
  assert.deepEqual((await packs.read({ id: 'r4', attempt: 1 }))!.weights, weights)
  assert.equal((await packs.manifests()).size, 19)
  assert.ok(!(await packs.manifests()).has('r3.1'))

  await writePack(root, cohort, [run(3)])
  assert.deepEqual((await (await opened(t, root)).read({ id: 'r3', attempt: 1 }))!.weights, weights)
  assert.equal((await (await opened(t, root)).manifests()).size, 20)
})

it('a truncated pack is damaged for its own runs and for none of another pack', async (t) => {
  const root = await temporaryFolder(t)
  await writePack(root, cohort, runs.slice(0, 10))
  await writePack(root, cohort, runs.slice(10))
  const [first] = await packFiles(root)
  for (const size of [5000, 10, 0]) {
    await truncate(first!, size)
    const packs = await opened(t, root)
    await assert.rejects(packs.read({ id: 'r3', attempt: 1 }), { ...damaged, message: /truncated/ })
    assert.deepEqual((await packs.read({ id: 'r13', attempt: 1 }))!.weights, weights)
    assert.equal((await packs.manifests()).size, 10)
  }
})

it('a directory that lies about sizes and places is damage, not a huge read', async (t) => {
  const root = await temporaryFolder(t)
  await writePack(root, cohort, [run(0)])
  const [path] = await packFiles(root)
  const whole = await readFile(path!)
  const directory = whole.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]))
  for (const at of [directory, directory + 24, directory + 42, whole.length - 12, whole.length - 6]) {
    const bytes = Buffer.from(whole)
    bytes.writeUInt32LE(0xfffffff0, at)
    await writeFile(path!, bytes)
    await assert.rejects((await opened(t, root)).read({ id: 'r0', attempt: 1 }), damaged, `byte ${at}`)
  }
})

it('a record under another run’s name, or with other numbers than its manifest tells of, is damage', async (t) => {
  const root = await temporaryFolder(t)
  const { files } = run(0)
  await writePack(root, cohort, [{ key: { id: 'r1', attempt: 1 }, files }])
  await assert.rejects((await opened(t, root)).read({ id: 'r1', attempt: 1 }), {
    ...damaged,
    message: /tells of r0, attempt 1/,
  })
})

it('a writer that is killed leaves no pack, and the next one clears what it left', async (t) => {
  const root = await temporaryFolder(t)
  const [written, artifacts] = [new URL('./example-run.ts', import.meta.url), '../../src/artifacts/pack.ts']
  // The compiled test runs beside compiled files, the source under tsx.
  const compiled = fileURLToPath(import.meta.url).endsWith('.js')
  const file = (url: URL) => JSON.stringify(compiled ? url.href.replace(/\.ts$/, '.js') : url.href)
  const code = `
    const { writePack } = await import(${file(new URL(artifacts, import.meta.url))})
    const { runFiles } = await import(${file(written)})
    const run = (i) => ({ key: { id: 'r' + i, attempt: 1 }, files: { ...runFiles(), manifest: { ...runFiles().manifest, id: 'r' + i } } })
    function* endless() { for (let i = 0; ; i++) { if (i === 30000) process.send('writing'); yield run(i) } }
    await writePack(process.argv[1], ${JSON.stringify(cohort)}, { length: 1, [Symbol.iterator]: endless })`
  const loader = compiled ? [] : ['--import', 'tsx']
  const child = spawn(process.execPath, [...loader, '--input-type=module', '-e', code, root], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const [left] = await packFiles(root)
  assert.match(left!, /\.writing~/)
  assert.equal((await (await opened(t, root)).manifests()).size, 0)
  await writePack(root, cohort, runs)
  assert.deepEqual(
    (await packFiles(root)).map((path) => path.endsWith('.zip')),
    [true],
  )
})

it('what a living writer of another host has begun stays', async (t) => {
  const root = await temporaryFolder(t)
  const folder = join(root, 'packs', cohort)
  await mkdir(folder, { recursive: true })
  const own = `.writing~${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '_')}~${process.pid}~0a`
  for (const name of [own, '.writing~another-host~1~0b', '.writing~another-host~1~0c'])
    await writeFile(join(folder, name), 'half')
  await utimes(join(folder, '.writing~another-host~1~0c'), 0, 0)
  await writePack(root, cohort, runs)
  const left = (await readdir(folder)).filter((name) => !name.endsWith('.zip'))
  assert.deepEqual(left.sort(), ['.writing~another-host~1~0b', own].sort())
})

it('a pack that cannot be written leaves nothing behind', async (t) => {
  const root = await temporaryFolder(t)
  await assert.rejects(writePack(root, cohort, [run(0), run(1, { measurements: null as never })]), TypeError)
  assert.deepEqual(await packFiles(root), [])
  await rm(root, { recursive: true })
  await writeFile(root, 'a file where the folder should be')
  await assert.rejects(writePack(root, cohort, runs), { code: 'ENOTDIR' })
})
