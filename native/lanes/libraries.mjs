import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CommandFailed, run } from '../setup/command.mjs'
import { readRecord, writeRecord } from '../setup/record.mjs'
import { hashOf, readJson, writeJson } from '../setup/stamp.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'
import { assembleAddon } from './assemble.mjs'
import { demandCompiler, keyOf, shopOf } from './shop.mjs'

const STAMP = 'build.json'
const KEPT = 8 // builds in the cache: some versions and checkouts back

/**
 * The lanes kernels, a library for each instruction set, and the addon through which Node calls them. Built once
 * for a user's cache and copied to node_modules/.jepalab/lanes, where workers/engines/lanes/native.ts finds them.
 */
export const lanes = {
  name: 'lanes',
  optional: true,
  without: 'Without the lanes kernels deep linear jobs run on the other engines, more slowly.',

  isDone(place) {
    const shop = shopOf(place)
    const found = readRecord(place).lanes
    return found?.folder === shop.folder && isWhole(shop.folder) && stampOf(shop.folder).key === keyOf(shop)
  },

  async run(place) {
    try {
      writeRecord(place, { lanes: await make(place) })
    } catch (error) {
      writeRecord(place, { lanes: null }) // what lies there is of other sources
      throw error
    }
  },
}

async function make(place) {
  const shop = shopOf(place)
  const compiler = demandCompiler()
  const key = keyOf(shop)
  const cached = join(place.cache, 'lanes', hashOf(key, compiler.version).slice(0, 32))
  const built = isWhole(cached) ? cached : await build(place, shop, compiler, { cached, key })
  install(built, shop.folder)
  const instructionSets = await prove(shop.folder, built)
  prune(join(place.cache, 'lanes'))
  return { folder: shop.folder, instructionSets, compiler: compiler.version }
}

/** @returns the folder that holds what was built: of the cache, unless it is not to be kept. */
async function build(place, shop, compiler, { cached, key }) {
  const stage = join(place.partial, 'lanes')
  rmSync(stage, { recursive: true, force: true })
  const names = await assembleAddon(shop, compiler, stage)
  const files = Object.fromEntries(names.map((name) => [name, statSync(join(stage, name)).size]))
  writeJson(join(stage, STAMP), { key, files })
  if (keyOf(shop) !== key) return stage // a source was saved meanwhile: to be built again next time
  rmSync(cached, { recursive: true, force: true })
  mkdirSync(dirname(cached), { recursive: true })
  renameSync(stage, cached)
  return cached
}

function stampOf(folder) {
  return readJson(join(folder, STAMP))
}

function isWhole(folder) {
  const files = Object.entries(stampOf(folder)?.files ?? {})
  return (
    files.length > 0 &&
    files.every(([name, bytes]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes)
  )
}

/** File by file and the stamp last: a process that has the older ones open keeps them. */
function install(built, folder) {
  mkdirSync(folder, { recursive: true })
  for (const name of [...Object.keys(stampOf(built).files), STAMP]) {
    const draft = join(folder, `${name}.${process.pid}`)
    copyFileSync(join(built, name), draft)
    renameSync(draft, join(folder, name))
  }
}

/** Opens what this CPU runs in a process of its own, so that a broken library is told now and not in a job. */
async function prove(folder, built) {
  const script = `
    const folder = process.argv[1]
    const addon = require(folder + '/lanes.node')
    const names = addon.instructionSets().filter((name) => require('fs').existsSync(folder + '/liblanes-' + name + '.so'))
    console.log(JSON.stringify(names.map((name) => addon.open(folder + '/liblanes-' + name + '.so').name)))`
  try {
    return JSON.parse(await run(process.execPath, ['-e', script, folder]))
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    rmSync(built, { recursive: true, force: true })
    throw new SetupTrouble(
      `The lanes kernels were built but do not load: ${error.message}`,
      'Run npm run setup again; where it persists, set CXX to another compiler.',
    )
  }
}

/** Every change of a source makes a build; the checkouts have copies, so that an older one may go. */
function prune(folder) {
  if (!existsSync(folder)) return
  const builds = readdirSync(folder).map((name) => join(folder, name))
  const age = (path) => statSync(path).mtimeMs
  for (const old of builds.sort((a, b) => age(b) - age(a)).slice(KEPT))
    rmSync(old, { recursive: true, force: true })
}
