import { BatchMoments } from '../../objectives/batch-moments.ts'
import { samplerOf } from '../engine.ts'
import { type Batch, MODE } from './batch.ts'
import type { Entry } from './entry.ts'
import type { Loaded } from './load.ts'

/** What a call brings with it beside the batch. */
export type Feed = Pick<Batch, 'budget' | 'rate' | 'rateTable' | 'batchSxx' | 'batchSyx'>

/** Numbers that one array of a feed may hold: 64 MB. */
const NUMBERS = 8e6
const PAUSE_MS = 40

/** The most updates that a call can bring rates and moments for. */
export function longestFeed({ runs, features, mode }: Loaded, entries: readonly Entry[]): number {
  if (mode === MODE.given) return Math.max(1, Math.floor(NUMBERS / (runs * features ** 2)))
  if (entries[0]?.timetable?.constant === null) return Math.max(1, Math.floor(NUMBERS / runs))
  return Number.POSITIVE_INFINITY
}

/**
 * The rates of the updates to come, and where samples are drawn the moments of their batches. Drawing takes its
 * time, so the event loop has its turn meanwhile.
 */
export async function feed(batch: Loaded, entries: readonly Entry[], budget: number): Promise<Feed> {
  const isTable = entries[0]?.timetable?.constant === null
  const rate = rates(batch, entries, isTable ? budget : 1)
  const { batchSxx, batchSyx } = batch.mode === MODE.given ? await draws(batch, entries, budget) : NONE
  return { budget, rate, rateTable: isTable ? 1 : 0, batchSxx, batchSyx }
}
const NONE = { batchSxx: null, batchSyx: null }

function rates(batch: Loaded, entries: readonly Entry[], length: number): Float64Array | null {
  if (batch.mode === MODE.flow) return null
  const all = new Float64Array(entries.length * length)
  for (const [r, { timetable, isEnded }] of entries.entries()) {
    if (!isEnded) timetable?.fill(all.subarray(r * length, (r + 1) * length), Number(batch.step[r]))
  }
  return all
}

async function draws(batch: Loaded, entries: readonly Entry[], budget: number) {
  const size = batch.features ** 2
  const batchSxx = new Float64Array(entries.length * budget * size)
  const batchSyx = new Float64Array(batchSxx.length)
  const moments = new BatchMoments(batch.features)
  let paused = performance.now()
  for (const [r, { trainee, frame, isEnded }] of entries.entries()) {
    const { training } = trainee.plan
    if (isEnded || training.mode === 'flow') continue
    const sampler = samplerOf(trainee.plan)
    const [step, end] = [Number(batch.step[r]), batch.end[r]!]
    for (let k = 0; k < Math.min(budget, end - step) && !trainee.signal.aborted; k++) {
      const { Sxx, Syx } = moments.draw(sampler, step + k, training.batchSize ?? 0)
      const at = (r * budget + k) * size
      batchSxx.set(frame.turn(Sxx).data, at)
      batchSyx.set(frame.turn(Syx).data, at)
      if (performance.now() - paused < PAUSE_MS) continue
      await new Promise((resolve) => setImmediate(resolve))
      paused = performance.now()
    }
  }
  return { batchSxx, batchSyx }
}
