import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { zipSync } from 'fflate'
import { repositoryRoot } from '../../src/experiment/repository.ts'

const root = repositoryRoot()
const load = (path: string) => import(pathToFileURL(join(root, 'native', path)).href)
const { assemble, isAssembled } = await load('setup/wheels.mjs')
const { lockFolder } = await load('setup/lock.mjs')
const { dependencies } = await load('setup/dependencies.mjs')
const { installCommand } = await load('setup/trouble.mjs')
const { readJson, writeJson } = await load('setup/stamp.mjs')
const room = mkdtempSync(join(tmpdir(), 'jepalab-set-up-'))
after(() => rmSync(room, { recursive: true, force: true }))

it('a finished set-up costs under 3 s and says nothing', () => {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'native/setup/jepalab.mjs'), '--help'])
  const seconds = (performance.now() - start) / 1000
  assert.equal(status, 0, stderr.toString())
  assert.equal(stderr.toString(), '')
  assert.ok(seconds < 3, `it took ${seconds.toFixed(1)} s`)
})

it('every pinned wheel has a version, a size and a SHA-256', () => {
  for (const file of ['tensorflow/wheels.json', 'redis/wheels.json']) {
    const { sets } = readJson(join(root, 'native', file))
    for (const wheel of Object.values(sets).flat() as Record<string, string>[]) {
      assert.match(wheel.sha256!, /^[0-9a-f]{64}$/, wheel.name)
      assert.match(wheel.version!, /^\d+(\.\d+)+$/, wheel.name)
      assert.ok(Number(wheel.bytes) > 0 && wheel.members!.length > 0, wheel.name)
    }
  }
})

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0

describe('a folder made of wheels', { skip: hasPip ? false : 'no python3 with pip here' }, () => {
  const shelf = join(room, 'shelf')
  const pin = writeWheel(shelf)
  // pip looks at this shelf alone, whatever the machine's own settings are.
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: shelf, PIP_CONFIG_FILE: '/dev/null' })
  const cache = join(room, 'cache')
  const place = { cache, partial: join(cache, 'partial') }
  const folder = join(cache, 'pair', '1.0')

  it('is whole once assembled, and holds the chosen members alone', async () => {
    assert.equal(isAssembled(folder), false)
    mkdirSync(cache)
    await quietly(() => assemble(place, folder, [pin], 'pair'))
    assert.equal(isAssembled(folder), true)
    assert.equal(readFileSync(join(folder, 'pair/libpair.so.1'), 'utf8'), 'library')
    assert.ok(!existsSync(join(folder, 'pair/other.py')))
  })

  it('is made again where a file of it was cut short', async () => {
    truncateSync(join(folder, 'pair/libpair.so.1'), 3)
    assert.equal(isAssembled(folder), false)
    await quietly(() => assemble(place, folder, [pin], 'pair'))
    assert.equal(isAssembled(folder), true)
  })

  it('is not made from a wheel whose bytes differ from the pin', async () => {
    const other = join(cache, 'other')
    const wrong = { ...pin, sha256: '0'.repeat(64) }
    await assert.rejects(
      quietly(() => assemble(place, other, [wrong], 'pair')),
      { name: 'SetupTrouble', message: /SHA-256/ },
    )
    assert.ok(!existsSync(other))
  })

  it('is told to need more room than the disk has before anything is fetched', async () => {
    const huge = { ...pin, name: 'huge', unpackedBytes: 1e18 }
    await assert.rejects(assemble(place, join(cache, 'huge'), [huge], 'huge'), {
      message: /needs 1000000000.0 GB/,
    })
  })
})

it('one set-up waits for the other, and takes over when it ends', async () => {
  const first = await lockFolder(room, () => assert.fail('nobody else is here'))
  const order: string[] = []
  const second = lockFolder(room, () => order.push('waits')).then((lock: typeof first) => {
    order.push('has it')
    return lock
  })
  while (order.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await first.release()
  await (await second).release()
  assert.deepEqual(order, ['waits', 'has it'])
})

it('npm packages are whole where each locked one is there, optional ones of other systems aside', () => {
  const checkout = join(room, 'checkout')
  const entry = { version: '1.0.0', integrity: 'sha512-a' }
  const packages = { '': {}, 'node_modules/a': entry, 'node_modules/mac': { ...entry, optional: true } }
  const place = { root: checkout, hasSources: true }
  writeJson(join(checkout, 'package-lock.json'), { packages })
  assert.equal(dependencies.isDone(place), false)
  mkdirSync(join(checkout, 'node_modules/a'), { recursive: true })
  writeJson(join(checkout, 'node_modules/.package-lock.json'), { packages: { 'node_modules/a': entry } })
  assert.equal(dependencies.isDone(place), true)
  writeJson(join(checkout, 'package-lock.json'), {
    packages: { ...packages, 'node_modules/a': { ...entry, version: '1.0.1' } },
  })
  assert.equal(dependencies.isDone(place), false)
})

it('a stamp that was cut short counts as none', () => {
  const file = join(room, 'stamp.json')
  writeFileSync(file, '{"key": "ab')
  assert.equal(readJson(file), null)
})

it('missing tools are named in one command', () => {
  assert.match(installCommand('python3-pip', 'g++'), /python.*pip.* (g\+\+|gcc|gcc-c\+\+)/)
})

it('Node 20.20 is the oldest that is let in', () => {
  const script = `
    Object.defineProperty(process.versions, 'node', { value: process.argv[1] })
    const { demandNode } = await import(${JSON.stringify(pathToFileURL(join(root, 'native/setup/node-version.mjs')).href)})
    demandNode()`
  const run = (version: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script, version]).status
  assert.deepEqual(['18.20.0', '20.19.9', '20.20.0', '22.0.0', '24.1.0'].map(run), [1, 1, 0, 0, 0])
})

/** A wheel as small as one can be, and its pin. */
function writeWheel(shelf: string) {
  const text = (words: string) => new TextEncoder().encode(words)
  const bytes = zipSync({
    'pair/libpair.so.1': text('library'),
    'pair/other.py': text(''),
    'pair-1.0.dist-info/METADATA': text('Metadata-Version: 2.1\nName: pair\nVersion: 1.0\n'),
    'pair-1.0.dist-info/WHEEL': text('Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    'pair-1.0.dist-info/RECORD': text(''),
  })
  mkdirSync(shelf, { recursive: true })
  writeFileSync(join(shelf, 'pair-1.0-py3-none-any.whl'), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const members = ['pair/libpair.so.1']
  return {
    name: 'pair',
    version: '1.0',
    platforms: ['any'],
    bytes: bytes.length,
    sha256,
    members,
    unpackedBytes: 7,
  }
}

/** Progress lines belong to set-ups, not to the tests' output. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const write = process.stderr.write
  process.stderr.write = () => true
  try {
    return await work()
  } finally {
    process.stderr.write = write
  }
}
