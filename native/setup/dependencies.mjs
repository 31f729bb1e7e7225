import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailed, run } from './command.mjs'
import { withProgress } from './progress.mjs'
import { readJson } from './stamp.mjs'
import { findProgram, SetupTrouble } from './trouble.mjs'

/**
 * npm's packages as package-lock.json pins them. npm writes node_modules/.package-lock.json last of all, so
 * that file is the proof of a whole install; it is compared entry by entry, which costs milliseconds.
 */
export const dependencies = {
  isDone(place) {
    const wanted = readJson(join(place.root, 'package-lock.json'))?.packages ?? {}
    const found = readJson(join(place.root, 'node_modules/.package-lock.json'))?.packages
    if (found === undefined) return false
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true
      const here = found[path]
      // Packages of other systems are optional and stay away; those for building are not needed where nothing is built.
      if (here === undefined) return entry.optional === true || (entry.dev === true && !place.hasSources)
      return (
        here.version === entry.version &&
        here.integrity === entry.integrity &&
        existsSync(join(place.root, path))
      )
    })
  },

  async run(place) {
    const npm = findProgram('npm')
    if (npm === null)
      throw new SetupTrouble('npm is not on the PATH.', 'Install it together with Node: https://nodejs.org')
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const work = () => run(npm, place.hasSources ? args : [...args, '--omit=dev'], { cwd: place.root })
    await withProgress('npm packages', work).catch((error) => {
      if (!(error instanceof CommandFailed)) throw error
      throw new SetupTrouble(
        error.message,
        'Check the network and npm’s settings (npm config list), then run this again.',
      )
    })
  },
}
