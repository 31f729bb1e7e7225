import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from './stamp.mjs'

/** What was built into a folder, in the folder itself: the key of its sources, and each file's length. */
const STAMP = 'build.json'
const KEPT = 8 // builds in the cache: some versions and checkouts back

/** Notes what lies in a folder: files by name. */
export function stampBuild(folder, key, names) {
  const files = Object.fromEntries(names.map((name) => [name, statSync(join(folder, name)).size]))
  writeJson(join(folder, STAMP), { key, files })
}

/** The key that a folder's files were built for, or undefined. */
export function keyOfBuild(folder) {
  return readJson(join(folder, STAMP))?.key
}

/** Whether all files that were built are there, whole. */
export function isWhole(folder) {
  const files = Object.entries(readJson(join(folder, STAMP))?.files ?? {})
  return (
    files.length > 0 &&
    files.every(([name, bytes]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes)
  )
}

/** File by file and the stamp last: a process that has the older ones open keeps them. */
export function installBuild(built, folder) {
  mkdirSync(folder, { recursive: true })
  for (const name of [...Object.keys(readJson(join(built, STAMP)).files), STAMP]) {
    const draft = join(folder, `${name}.${process.pid}`)
    copyFileSync(join(built, name), draft)
    renameSync(draft, join(folder, name))
  }
}

/** Every change of a source makes a build; the checkouts have copies, so that an older one may go. */
export function pruneBuilds(folder) {
  if (!existsSync(folder)) return
  const builds = readdirSync(folder).map((name) => join(folder, name))
  const age = (path) => statSync(path).mtimeMs
  for (const old of builds.sort((a, b) => age(b) - age(a)).slice(KEPT))
    rmSync(old, { recursive: true, force: true })
}
