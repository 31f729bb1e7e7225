import { readJson, writeJson } from './stamp.mjs'

const EMPTY = { tensorflow: null, kernels: null, lanes: null, redis: null, failures: {} }

/**
 * What the set-up found, in node_modules/.jepalab/found.json: `tensorflow` { variant, version, folder },
 * `kernels` (of nets) and `lanes` { folder, instructionSets, compiler },
 * `redis` the path of a redis-server, `failures` by step. The service and `jepalab doctor` read it.
 */
export function readRecord(place) {
  return { ...EMPTY, ...readJson(place.record) }
}

export function writeRecord(place, changes) {
  writeJson(place.record, { ...readRecord(place), cache: place.cache, ...changes })
}
