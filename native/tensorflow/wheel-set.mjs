import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../setup/stamp.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'

const pins = readJson(fileURLToPath(new URL('wheels.json', import.meta.url)))
const machines = { x64: 'x86_64', arm64: 'aarch64' }

/** TensorFlow's version, as the wheels are pinned. */
export const version = pins.tensorflow

/** The pinned wheels of a variant (cpu or cuda) on this machine, and the cache folder they make. */
export function wheelSet(place) {
  const machine = machines[process.arch] ?? process.arch
  const name = `${place.variant}-${machine}`
  const wheels = process.platform === 'linux' ? pins.sets[name] : undefined
  if (wheels === undefined) {
    throw new SetupTrouble(
      `TensorFlow's libraries for ${place.variant} are not published for ${process.platform} ${machine}.`,
      'Use Linux on x86_64, or on aarch64 with JEPALAB_TENSORFLOW=cpu; JEPALAB_TENSORFLOW=off does without.',
    )
  }
  return { wheels, folder: join(place.cache, 'tensorflow', `${version}-${name}`) }
}
