import { readJson, writeJson } from './stamp.mjs'

const EMPTY = { tensorflow: null, redis: null, failures: {} }

/**
 * What the set-up found, in node_modules/.jepalab/found.json: `tensorflow` { variant, version, folder },
 * `redis` the path of a redis-server, `failures` by step. The service and `jepalab doctor` read it.
 */
export function readRecord(place) {
  return { ...EMPTY, ...readJson(place.record) }
}

export function writeRecord(place, changes) {
  writeJson(place.record, { ...readRecord(place), cache: place.cache, ...changes })
}
