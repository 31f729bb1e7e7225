import { availableParallelism } from 'node:os'
import type { Installation } from '../../../src/experiment/installation.ts'
import type { Engine, Trainee, Trajectory } from '../engine.ts'
import { inPauses } from '../turn.ts'
import { Entry } from './entry.ts'
import { type LanesLibrary, type LanesName, openLanes } from './native.ts'
import { trainBatch } from './train-batch.ts'

/** How the kernels are used: tests turn these. */
export interface LanesOptions {
  /** The build of the kernels; the fastest that this CPU runs where it is left out. */
  readonly name?: LanesName
  /** As many as the machine has cores where it is left out. */
  readonly threads?: number
  /** What the set-up left; this checkout's where it is left out. */
  readonly installation?: Installation
}

const MAX_THREADS = 256
/** What a batch may hold and work on: 512 MB of state, and some 0.2 s an update of all its runs. */
const BATCH_NUMBERS = 64e6
const BATCH_WORK = 2e10
/** From this width on runs are trained one at a time on each core: more of them in a call only carry their state to and fro. */
const ALONE_WIDTH = 32
const ALONE_RUNS = 8 // a core

/**
 * Native kernels for deep linear runs: the whole training loop of many runs of one shape inside a call, off the event loop
 * (native/lanes/README.md). Compensated float32 unless float32, float64 or int8x3 is asked for; flow is float64.
 *
 * @throws ENGINE_UNAVAILABLE where the kernels are not here, with the reason
 */
export function openLanesEngine(options: LanesOptions = {}): Engine {
  const { name, threads = availableParallelism(), installation } = options
  const library = openLanes(name, installation)
  return {
    name: 'lanes',
    device: library.name === 'cuda' ? 'cuda' : 'cpu',
    versions: { node: process.versions.node, lanes: library.name },
    precision: (asked) => asked,
    train(runs) {
      const places = runs.map(reserve)
      const batches = enter(places).then((entries) => batchesOf(entries, threads))
      void trainAll(library, batches, Math.min(threads, MAX_THREADS))
      return places.map(({ promise }) => promise)
    },
  }
}

/** Trains batches one after the other, and lets go of each. */
async function trainAll(
  library: LanesLibrary,
  batches: Promise<[Entry, ...Entry[]][]>,
  threads: number,
): Promise<void> {
  const left = await batches
  for (let batch = left.shift(); batch !== undefined; batch = left.shift()) {
    if (batch.every(({ isEnded }) => isEnded)) continue
    try {
      await trainBatch(library, batch, threads)
    } catch (error) {
      for (const entry of batch) entry.fail(error)
    }
  }
}

/** A run and the promise of its trajectory. */
interface Place {
  readonly trainee: Trainee
  readonly promise: Promise<Trajectory>
  resolve(trajectory: Trajectory): void
  reject(reason: unknown): void
}

function reserve(trainee: Trainee): Place {
  const ends = {} as Pick<Place, 'resolve' | 'reject'>
  const promise = new Promise<Trajectory>((resolve, reject) => Object.assign(ends, { resolve, reject }))
  return { trainee, promise, ...ends }
}

/** Turns the plans into frames; a plan that cannot be turned fails alone. */
async function enter(places: readonly Place[]): Promise<Entry[]> {
  const entries = await inPauses(places, (place) => {
    try {
      place.trainee.signal.throwIfAborted()
      return new Entry(place.trainee, place)
    } catch (error) {
      place.reject(error)
      return null
    }
  })
  return entries.filter((entry) => entry !== null)
}

/** Entries of one shape together, in the order in which they came, as many as a batch may hold. */
function batchesOf(entries: readonly Entry[], threads: number): [Entry, ...Entry[]][] {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    const shape = entry.shape()
    const group = groups.get(shape)
    if (group === undefined) groups.set(shape, [entry])
    else group.push(entry)
  }
  return [...groups.values()].flatMap((group) => slices(group, mostRuns(group[0] as Entry, threads)))
}

function mostRuns({ trainee }: Entry, threads: number): number {
  const { depth, features, width, points } = trainee.plan
  const weights = (depth + 1) * width ** 2
  const numbers = 3 * weights + 4 * features ** 2 + points.length * (features + 3)
  const most = Math.max(
    1,
    Math.floor(Math.min(BATCH_NUMBERS / numbers, BATCH_WORK / (6 * weights * features))),
  )
  return width < ALONE_WIDTH ? most : Math.min(most, ALONE_RUNS * threads)
}

function slices(group: readonly Entry[], length: number): [Entry, ...Entry[]][] {
  const count = Math.ceil(group.length / length)
  return Array.from({ length: count }, (_, k) => {
    const slice = group.slice(k * length, (k + 1) * length)
    return slice as [Entry, ...Entry[]]
  })
}
