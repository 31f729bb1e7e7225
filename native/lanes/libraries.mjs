import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installBuild, isWhole, keyOfBuild, pruneBuilds, stampBuild } from '../setup/built.mjs'
import { CommandFailed, run } from '../setup/command.mjs'
import { readRecord, writeRecord } from '../setup/record.mjs'
import { hashOf } from '../setup/stamp.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'
import { assembleAddon } from './assemble.mjs'
import { demandCompiler, keyOf, shopOf } from './shop.mjs'

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
    return found?.folder === shop.folder && isWhole(shop.folder) && keyOfBuild(shop.folder) === keyOf(shop)
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
  installBuild(built, shop.folder)
  const instructionSets = await prove(shop.folder, built)
  pruneBuilds(join(place.cache, 'lanes'))
  return { folder: shop.folder, instructionSets, compiler: compiler.version }
}

/** @returns the folder that holds what was built: of the cache, unless it is not to be kept. */
async function build(place, shop, compiler, { cached, key }) {
  const stage = join(place.partial, 'lanes')
  rmSync(stage, { recursive: true, force: true })
  const names = await assembleAddon(shop, compiler, stage)
  stampBuild(stage, key, names)
  if (keyOf(shop) !== key) return stage // a source was saved meanwhile: to be built again next time
  rmSync(cached, { recursive: true, force: true })
  mkdirSync(dirname(cached), { recursive: true })
  renameSync(stage, cached)
  return cached
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
