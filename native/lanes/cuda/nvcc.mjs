import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../../setup/stamp.mjs'
import { findProgram, SetupTrouble } from '../../setup/trouble.mjs'
import { assemble, isAssembled } from '../../setup/wheels.mjs'

const pins = readJson(fileURLToPath(new URL('wheels.json', import.meta.url)))

/**
 * nvcc: the one on the PATH, else the pinned wheels that NVIDIA publishes, which need no card and no toolkit.
 *
 * @returns {Promise<{ program: string, version: string, flags: string[] }>} flags: where it finds its library
 */
export async function findNvcc(place) {
  const here = findProgram('nvcc')
  if (here !== null) return describe(here, [])
  const folder = nvccFolder(place)
  if (!isAssembled(folder)) await assemble(place, folder, pins.sets.x86_64, 'CUDA compiler')
  const home = join(folder, 'nvidia/cu13')
  return describe(join(home, 'bin/nvcc'), [`-L${join(home, 'lib')}`, '-cudadevrt', 'none'])
}

function nvccFolder(place) {
  if (process.platform === 'linux' && process.arch === 'x64') {
    return join(place.cache, 'cuda', `nvcc-${pins.nvcc}-x86_64`)
  }
  throw new SetupTrouble(
    `No nvcc is on the PATH, and none is fetched for ${process.platform} ${process.arch}.`,
    'Install the CUDA toolkit 12 or newer, with its nvcc on the PATH.',
  )
}

function describe(program, flags) {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split('\n').at(-1)
  return { program, version, flags }
}
