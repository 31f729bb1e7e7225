import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installBuild, isWhole, keyOfBuild, pruneBuilds, stampBuild } from './built.mjs'
import { readRecord, writeRecord } from './record.mjs'
import { hashOf } from './stamp.mjs'

/**
 * A step of the set-up that compiles libraries: built once for a user's cache, under the hash of all that decides their bytes,
 * and copied to the folder of the checkout that its shop names. The record's entry of the step's name tells what is there.
 *
 * @param {object} step
 * @param {string} step.name of the entry in the record, and of the folder in the cache
 * @param {(place) => { folder: string }} step.shopOf what is built, of which sources and where to
 * @param {(shop) => string} step.keyOf all that decides the bytes but the compiler
 * @param {(place) => { program: string, version: string }} step.demand the compiler; throws where something is missing
 * @param {(shop, stage: string, compiler, place) => Promise<string[]>} step.assemble builds into a folder; the names of what it made
 * @param {(folder: string, built: string, place) => Promise<string[]>} step.prove the instruction sets whose libraries load; it removes
 *   what is broken
 */
export function buildStep({ name, shopOf, keyOf, demand, assemble, prove }) {
  async function make(place) {
    const compiler = demand(place)
    const shop = shopOf(place)
    const key = keyOf(shop)
    const cached = join(place.cache, name, hashOf(key, compiler.version).slice(0, 32))
    const built = isWhole(cached) ? cached : await build(place, shop, compiler, { cached, key })
    installBuild(built, shop.folder)
    const instructionSets = await prove(shop.folder, built, place)
    pruneBuilds(join(place.cache, name))
    return { folder: shop.folder, instructionSets, compiler: compiler.version }
  }

  /** @returns the folder that holds what was built: of the cache, unless it is not to be kept. */
  async function build(place, shop, compiler, { cached, key }) {
    const stage = join(place.partial, name)
    rmSync(stage, { recursive: true, force: true })
    const names = await assemble(shop, stage, compiler, place)
    stampBuild(stage, key, names)
    if (keyOf(shop) !== key) return stage // a source was saved meanwhile: to be built again next time
    rmSync(cached, { recursive: true, force: true })
    mkdirSync(dirname(cached), { recursive: true })
    renameSync(stage, cached)
    return cached
  }

  return {
    name,

    isDone(place) {
      const shop = shopOf(place)
      const found = readRecord(place)[name]
      return found?.folder === shop.folder && isWhole(shop.folder) && keyOfBuild(shop.folder) === keyOf(shop)
    },

    async run(place) {
      try {
        writeRecord(place, { [name]: await make(place) })
      } catch (error) {
        writeRecord(place, { [name]: null }) // what lies there is of other sources
        throw error
      }
    },
  }
}
