import { readRecord, writeRecord } from '../setup/record.mjs'
import { findProgram, findPython, installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { assemble, isAssembled } from '../setup/wheels.mjs'
import { wheelSet } from './wheel-set.mjs'

const labels = { cpu: 'TensorFlow for CPU', cuda: 'TensorFlow for CUDA' }

/**
 * libtensorflow and its C headers, out of the wheels that TensorFlow's authors publish. The CUDA libraries lie
 * beside it as in a Python installation: libtensorflow_framework finds them by its own run path,
 * $ORIGIN/../nvidia/<name>/lib.
 */
export const libraries = {
  name: 'tensorflow',
  optional: true,
  without: 'Without TensorFlow deep linear jobs run on the reference engine; others are refused.',

  isDemanded: (place) => place.wish === 'cpu' || place.wish === 'cuda',

  isDone(place) {
    try {
      return isAssembled(wheelSet(place).folder)
    } catch (error) {
      if (error instanceof SetupTrouble) return false
      throw error
    }
  },

  async run(place) {
    const { wheels, folder } = wheelSet(place)
    demandTools()
    await assemble(place, folder, wheels, labels[place.variant])
    writeRecord(place, { tensorflow: null })
  },
}

/** The C++ compiler that builds the binding, or undefined. */
export function findCompiler() {
  return [process.env.CXX, 'g++', 'c++', 'clang++'].find((name) => name && findProgram(name) !== null)
}

/** All that is missing is told at once and before anything is fetched. */
function demandTools() {
  const missing = []
  if (findPython() === null)
    missing.push({ package: 'python3-pip', what: 'Python 3 with pip, which fetches the libraries' })
  if (findCompiler() === undefined)
    missing.push({ package: 'g++', what: 'a C++ compiler, which builds the binding' })
  if (missing.length === 0) return
  throw new SetupTrouble(
    `Missing here: ${missing.map(({ what }) => what).join('; ')}.`,
    `Get it with: ${installCommand(...missing.map((tool) => tool.package))}`,
  )
}

/** JEPALAB_TENSORFLOW=off: what lies in the cache stays, and nothing loads it. */
export const noLibraries = {
  name: 'tensorflow',
  isDone: (place) => readRecord(place).tensorflow?.variant === 'off',
  run: (place) => writeRecord(place, { tensorflow: { variant: 'off', version: null, folder: null } }),
}
