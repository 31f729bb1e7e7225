import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CommandFailed, run } from './command.mjs'
import { withProgress } from './progress.mjs'
import { hashOf, readJson, writeJson } from './stamp.mjs'
import { SetupTrouble } from './trouble.mjs'

const ROOMS = ['src', 'workers', 'test', 'examples', 'bench']

/** TypeScript to dist/. Skipped while no source has changed; a type error ends the set-up. */
export const build = {
  isDone(place) {
    return !place.hasSources || readJson(stampOf(place))?.sources === fingerprint(place)
  },

  async run(place) {
    const sources = fingerprint(place) // taken before the compiler reads: a source saved meanwhile is built next time
    removeOrphans(place)
    const tsc = join(place.root, 'node_modules/typescript/bin/tsc')
    const work = () => run(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: place.root })
    await withProgress('build', work).catch((error) => {
      if (!(error instanceof CommandFailed)) throw error
      throw new SetupTrouble(
        `TypeScript does not build:\n${error.output.trimEnd()}`,
        'Mend these, then run this again.',
      )
    })
    writeJson(stampOf(place), { sources })
  },
}

function stampOf(place) {
  return join(place.root, 'dist/.stamp.json')
}

function sourcesOf(place) {
  return ROOMS.map((room) => join(place.root, room))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => filesUnder(folder).filter((file) => file.endsWith('.ts')))
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** Names, sizes and times of all that the compiler reads of ours. */
function fingerprint(place) {
  const files = [
    ...sourcesOf(place),
    join(place.root, 'tsconfig.json'),
    join(place.root, 'package-lock.json'),
  ]
  return hashOf(
    ...files.sort().map((file) => {
      const { size, mtimeMs } = statSync(file)
      return `${relative(place.root, file)} ${size} ${mtimeMs}`
    }),
  )
}

/** The compiler leaves the output of deleted sources; a deleted test would run on. */
function removeOrphans(place) {
  const dist = join(place.root, 'dist')
  if (!existsSync(dist)) return
  const sources = new Set(sourcesOf(place).map((file) => relative(place.root, file).replace(/\.ts$/, '')))
  for (const file of filesUnder(dist)) {
    const stem = relative(dist, file).replace(/\.js(\.map)?$/, '')
    if (/\.js(\.map)?$/.test(file) && !sources.has(stem)) rmSync(file)
  }
}
