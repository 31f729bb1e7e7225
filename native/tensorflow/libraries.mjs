import { readRecord, writeRecord } from '../setup/record.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'
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
    await assemble(place, folder, wheels, labels[place.variant])
    writeRecord(place, { tensorflow: null })
  },
}

/** JEPALAB_TENSORFLOW=off: what lies in the cache stays, and nothing loads it. */
export const noLibraries = {
  name: 'tensorflow',
  isDone: (place) => readRecord(place).tensorflow?.variant === 'off',
  run: (place) => writeRecord(place, { tensorflow: { variant: 'off', version: null, folder: null } }),
}
