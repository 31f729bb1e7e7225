import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { hashOf, readJson } from '../setup/stamp.mjs'
import { installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { findCompiler } from '../tensorflow/libraries.mjs'
import { ADDON_FLAGS, instructionSets, KERNEL_FLAGS, LINK_FLAGS } from './instruction-sets.mjs'
import { kernelSources, sourcesIn, textsOf } from './sources.mjs'

/** Where a checkout's kernels are made: `home` the sources, `folder` what is built, `objects` on the way there. */
export function shopOf(place) {
  const home = join(place.root, 'native/lanes')
  const folder = join(place.root, 'node_modules/.jepalab/lanes')
  const headers = join(place.root, 'node_modules/node-api-headers')
  return { home, folder, headers, objects: join(folder, 'objects'), exports: join(home, 'exports.map') }
}

/** The compiler and the words in which it names its version. @throws SetupTrouble where there is none. */
export function demandCompiler() {
  if (process.platform !== 'linux') {
    throw new SetupTrouble(`The lanes kernels are built on Linux, not on ${process.platform}.`, 'Use Linux.')
  }
  const program = findCompiler()
  if (program === undefined) {
    throw new SetupTrouble(
      'No C++ compiler is here; it builds the lanes kernels.',
      `Get it with: ${installCommand('g++')}`,
    )
  }
  const [version] = execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')
  return { program, version }
}

/** All that decides the compiled bytes but the compiler; the system's release stands for its C++ library. */
export function keyOf(shop) {
  const { home } = shop
  const files = [...kernelSources(home), ...sourcesIn(home, 'addon')]
  const seen = new Map()
  for (const file of files) textsOf(home, file, seen)
  const texts = [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => [relative(home, path), text])
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const flags = JSON.stringify([instructionSets(), KERNEL_FLAGS, ADDON_FLAGS, LINK_FLAGS])
  const headers = String(readJson(join(shop.headers, 'package.json'))?.version)
  return hashOf(process.arch, system, headers, flags, readFileSync(shop.exports, 'utf8'), ...texts)
}
