import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { lanesCuda } from '../lanes/cuda/library.mjs'
import { lanes } from '../lanes/libraries.mjs'
import { redisServer } from '../redis/server.mjs'
import { binding } from '../tensorflow/binding.mjs'
import { kernels } from '../tensorflow/kernels.mjs'
import { libraries, noLibraries } from '../tensorflow/libraries.mjs'
import { build } from './build.mjs'
import { endOnSignals } from './command.mjs'
import { dependencies } from './dependencies.mjs'
import { lockFolder } from './lock.mjs'
import { readPlace } from './place.mjs'
import { readRecord, writeRecord } from './record.mjs'
import { SetupTrouble } from './trouble.mjs'

const RETRY_MS = 3_600_000

/**
 * Brings a checkout from nothing to ready, and looks in milliseconds whether it is. Steps that are done are
 * skipped. TensorFlow, the kernels of nets and of lanes, and Redis may fail and leave the rest working: the reason is kept for
 * `jepalab doctor` and the step is tried again after an hour, or at once with `retry`.
 */
export async function setUp({ dependenciesOnly = false, retry = false } = {}) {
  const place = readPlace()
  const steps = dependenciesOnly ? [dependencies] : [dependencies, build, ...wished(place)]
  if (steps.every((step) => isSettled(step, place, retry))) return { worked: false }
  const stopListening = endOnSignals()
  const say = (text) => () => process.stderr.write(`${text}\n`)
  const checkout = await lockFolder(
    place.root,
    say('Another set-up of this checkout is at work; waiting for it …'),
  )
  const cache = await lockFolder(place.cache, say('Another set-up is filling the cache; waiting for it …'))
  try {
    for (const step of steps) if (!isSettled(step, place, retry)) await take(step, place)
    tidy(place, steps)
  } catch (error) {
    throw explain(error)
  } finally {
    await cache.release()
    await checkout.release()
    stopListening()
  }
  return { worked: true }
}

/** A disk that is full or not ours to write is the machine's fault, not the program's. */
function explain(error) {
  const remedies = {
    EACCES: 'Run this as the owner of the checkout and its cache, or set JEPALAB_CACHE to a folder of yours.',
    EROFS: 'This disk is read-only; work in a checkout that you may write.',
    ENOSPC: 'Free some space, or set JEPALAB_CACHE to a folder on a larger disk.',
  }
  const remedy = remedies[error.code]
  return remedy === undefined ? error : new SetupTrouble(error.message, remedy, { cause: error })
}

/** Steps that the settings ask for. */
function wished(place) {
  const isOff = place.variant === 'off'
  const tensorflow = isOff ? [noLibraries] : [libraries, binding]
  // A checkout without sources has the kernels that it was made with.
  const ofNets = isOff ? [] : [kernels]
  const built = place.hasSources ? [...ofNets, lanes, ...(place.variant === 'cuda' ? [lanesCuda] : [])] : []
  return [...tensorflow, ...built, ...(place.redisUrl === null ? [redisServer] : [])]
}

function isSettled(step, place, retry) {
  const { failures } = readRecord(place)
  if (step.isDone(place)) return !failures[step.name]
  const failure = step.optional && (failures[step.needs] ?? failures[step.name])
  if (!failure || retry || step.isDemanded?.(place)) return false
  return failure.wish === place.wish && Date.now() - Date.parse(failure.at) < RETRY_MS
}

async function take(step, place) {
  const { failures } = readRecord(place)
  if (step.needs && failures[step.needs]) return
  delete failures[step.name]
  writeRecord(place, { failures })
  if (step.isDone(place)) return
  try {
    await step.run(place)
  } catch (error) {
    if (!(error instanceof SetupTrouble) || !step.optional || step.isDemanded?.(place)) throw error
    failures[step.name] = {
      fact: error.fact,
      remedy: error.remedy,
      at: new Date().toISOString(),
      wish: place.wish,
    }
    writeRecord(place, { failures })
    process.stderr.write(`! ${error.message}\n  ${step.without}\n`)
  }
}

/** What an interrupted set-up of this machine had left is of use until everything is there. */
function tidy(place, steps) {
  if (!existsSync(place.partial) || !steps.every((step) => step.isDone(place))) return
  for (const name of readdirSync(place.partial))
    rmSync(join(place.partial, name), { recursive: true, force: true })
}
