import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOMS = ['cpu', 'flow', 'random', 'mlp', 'probes']
const INCLUDE = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm

/** The C++ files of the kernels, as full paths: all that lie in the rooms. */
export function kernelSources(home) {
  return ROOMS.flatMap((room) => sourcesIn(home, room))
}

/** The C++ files of one folder of native/lanes, as full paths; none where there is no such folder. */
export function sourcesIn(home, room) {
  const folder = join(home, room)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.cc'))
  return names.sort().map((name) => join(folder, name))
}

/** The text of a file and of all of ours that it includes, directly or not: what decides its object's bytes. */
export function textsOf(home, file, seen = new Map()) {
  if (seen.has(file)) return seen
  const text = readFileSync(file, 'utf8')
  seen.set(file, text)
  for (const [, name] of text.matchAll(INCLUDE)) {
    const found = [join(dirname(file), name), join(home, name)].find((path) => existsSync(path))
    if (found !== undefined) textsOf(home, found, seen)
  }
  return seen
}
