import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { CommandFailed, run } from './command.mjs'
import { bytesUnder, withProgress } from './progress.mjs'
import { readJson, writeJson } from './stamp.mjs'
import { findPython, installCommand, SetupTrouble } from './trouble.mjs'

const STAMP = 'complete.json'
const UNPACK = fileURLToPath(new URL('unpack.py', import.meta.url))

/**
 * A folder of the cache that holds chosen members of pinned wheels. It is put together beside its place and
 * renamed into it with its stamp inside, so it is either whole or not there. The wheels that an interrupted
 * set-up had unpacked are not fetched again.
 */
export function isAssembled(folder) {
  const stamp = readJson(join(folder, STAMP))
  if (stamp === null) return false
  return Object.entries(stamp.files).every(
    ([name, bytes]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  )
}

/** Fetches, verifies and unpacks what `isAssembled` misses. `label` names it in the progress lines. */
export async function assemble(place, folder, wheels, label) {
  const stage = join(place.partial, folder.slice(place.cache.length + 1).replaceAll('/', '-'))
  const missing = wheels.filter((wheel) => !existsSync(markOf(stage, wheel)))
  if (missing.length > 0) await demandSpace(place.cache, missing, label)
  for (const [index, wheel] of missing.entries()) {
    const count = missing.length > 1 ? ` (${index + 1} of ${missing.length})` : ''
    const file = await download(place, wheel, `${label}: ${wheel.name} ${wheel.version}${count}`)
    const before = bytesUnder(stage)
    const unpack = async () => run(await python(), [UNPACK, file, stage, ...wheel.members])
    await withProgress(`${label}: unpack ${wheel.name}`, unpack, {
      measure: () => bytesUnder(stage) - before,
      total: wheel.unpackedBytes,
    })
    rmSync(dirname(file), { recursive: true })
    writeJson(markOf(stage, wheel), { sha256: wheel.sha256 })
  }
  settle(stage, folder)
}

/** The stamp lists every library and program with its size: a later look tells a damaged cache from a whole one. */
function settle(stage, folder) {
  const files = readdirSync(stage, { recursive: true })
    .filter((name) => /\.so(\.\d+)*$|\/bin\//.test(name))
    .map((name) => [name, statSync(join(stage, name))])
    .filter(([, stat]) => stat.isFile())
    .map(([name, stat]) => [name, stat.size])
  writeJson(join(stage, STAMP), { files: Object.fromEntries(files) })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  renameSync(stage, folder)
}

function markOf(stage, wheel) {
  return join(stage, '.unpacked', `${wheel.name}-${wheel.version}.json`)
}

async function download(place, wheel, title) {
  const folder = join(place.partial, 'download')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const target = [
    '--implementation',
    'cp',
    '--python-version',
    '3.11',
    ...wheel.platforms.flatMap((p) => ['--platform', p]),
  ]
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-cache-dir',
    '--no-deps',
    '--only-binary=:all:',
    ...target,
  ]
  const options = { env: { ...process.env, TMPDIR: folder } } // pip's own temporary file lies here and can be measured
  const work = async () =>
    run(await python(), [...args, '-d', folder, `${wheel.name}==${wheel.version}`], options)
  await withProgress(title, work, { measure: () => bytesUnder(folder), total: wheel.bytes }).catch(explain)
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (file === undefined)
    throw new Error(`pip said it had downloaded ${wheel.name}, but left no wheel in ${folder}.`)
  await verify(join(folder, file), wheel)
  return join(folder, file)
}

async function verify(file, wheel) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  const found = hash.digest('hex')
  if (found === wheel.sha256) return
  throw new SetupTrouble(
    `The wheel of ${wheel.name} ${wheel.version} has SHA-256 ${found}, not ${wheel.sha256}.`,
    'The package index that pip is set to gave another file; point pip at one that mirrors PyPI unchanged.',
  )
}

function explain(error) {
  if (!(error instanceof CommandFailed)) throw error
  if (/No module named pip/.test(error.output)) {
    throw new SetupTrouble(
      'Python is here but its pip is not.',
      `Get it with: ${installCommand('python3-pip')}`,
    )
  }
  throw new SetupTrouble(
    error.message,
    'Check the network and pip’s settings (pip config list), then run this again.',
  )
}

/** The interpreter itself: version managers put a shell script before it, whose end would leave pip running. */
async function python() {
  const found = findPython()
  if (found !== null) return (await run(found, ['-c', 'import sys; print(sys.executable)'])).trim()
  throw new SetupTrouble(
    'Python 3 with pip is not here; it fetches and unpacks the libraries.',
    `Get it with: ${installCommand('python3-pip')}`,
  )
}

async function demandSpace(cache, wheels, label) {
  const unpacked = wheels.reduce((sum, wheel) => sum + wheel.unpackedBytes, 0)
  const needed = unpacked + Math.max(...wheels.map((wheel) => 2 * wheel.bytes)) // pip copies a wheel once
  const { bavail, bsize } = statfsSync(cache)
  const free = bavail * bsize
  if (free >= needed) return
  const gigabytes = (bytes) => (bytes / 1e9).toFixed(1)
  throw new SetupTrouble(
    `${label} needs ${gigabytes(needed)} GB in ${cache}, where ${gigabytes(free)} GB are free.`,
    'Free some, or set JEPALAB_CACHE to a folder on a larger disk.',
  )
}
