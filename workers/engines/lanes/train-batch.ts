import { MODE, STATUS } from './batch.ts'
import { Chronicle } from './chronicle.ts'
import type { Entry } from './entry.ts'
import { feed, longestFeed } from './feed.ts'
import { type Loaded, load } from './load.ts'
import type { LanesLibrary } from './native.ts'

/**
 * Trains entries of one shape to their ends, call by call. What ends, ends alone: the others go on in the next call. An
 * abort stops the call under way, and all but the run that it means go on from where they stood.
 *
 * @throws what a call throws; entries that have not ended then are the caller's to fail
 */
export async function trainBatch(
  library: LanesLibrary,
  entries: readonly [Entry, ...Entry[]],
  threads: number,
): Promise<void> {
  const batch = load(entries, threads)
  const chronicles = new Map(entries.map((entry, r) => [entry, new Chronicle(batch, entry, r)]))
  const pacing = new Pacing(batch, entries)
  const interrupt = () => batch.cancel?.fill(1)
  for (const { trainee } of entries) trainee.signal.addEventListener('abort', interrupt)
  try {
    for (const [{ trainee }, { position }] of chronicles) trainee.report(position)
    for (;;) {
      batch.cancel?.fill(0)
      dropEnded(batch, entries)
      if (entries.every(({ isEnded }) => isEnded)) return
      const began = performance.now()
      const before = work(batch)
      await library.run({ ...batch, ...(await feed(batch, entries, pacing.budget)) })
      follow(batch, entries, chronicles)
      pacing.learn(longest(before, work(batch)), performance.now() - began)
    }
  } finally {
    for (const { trainee } of entries) trainee.signal.removeEventListener('abort', interrupt)
  }
}

/** The kernels train what has ended by an abort no more. */
function dropEnded({ status }: Loaded, entries: readonly Entry[]): void {
  for (const [r, { isEnded }] of entries.entries()) if (isEnded) status[r] = STATUS.done
}

/** What has ended is let go of. */
function follow(batch: Loaded, entries: readonly Entry[], chronicles: Map<Entry, Chronicle>): void {
  for (const [r, entry] of entries.entries()) {
    const chronicle = chronicles.get(entry)
    if (entry.isEnded || chronicle === undefined) continue
    try {
      chronicle.follow()
      entry.trainee.report(chronicle.position)
      if (batch.status[r] !== STATUS.going) entry.end(chronicle.trajectory())
    } catch (error) {
      batch.status[r] = STATUS.done
      entry.fail(error)
    }
    if (entry.isEnded) chronicles.delete(entry)
  }
}

/** Updates, in flow evaluations, of each run so far. */
function work({ evaluations, step }: Loaded): BigInt64Array {
  return (evaluations ?? step).slice()
}

function longest(before: BigInt64Array, after: BigInt64Array): number {
  return after.reduce((most, now, r) => Math.max(most, Number(now - before[r]!)), 0)
}

/** A call lasts about this long: progress is told twice a second, and a cancel need not wait. */
const CALL_MS = 300
/** Floating-point operations of the first call, some ms of work. */
const FIRST = 2e8
/** Samples are drawn in JavaScript, at some 50 µs an update and more. */
const FIRST_DRAWN = 16
const LARGEST_RISE = 4
/** Calls without an update that are taken for a batch that does not move; one with all its room for passages taken is none. */
const STANDSTILL = 1000

/** Sizes the calls by the time that the last one took. */
class Pacing {
  budget: number
  readonly #longest: number
  #idle = 0

  constructor(batch: Loaded, entries: readonly Entry[]) {
    const { runs, depth, features, width, mode } = batch
    this.#longest = Math.min(longestFeed(batch, entries), Number.MAX_SAFE_INTEGER)
    const first = FIRST / (6 * runs * depth * features * width ** 2)
    this.budget = Math.min(this.#longest, mode === MODE.given ? FIRST_DRAWN : Math.ceil(first))
  }

  /** @param updates that the furthest run made in `ms` */
  learn(updates: number, ms: number): void {
    this.#idle = updates > 0 ? 0 : this.#idle + 1
    if (this.#idle > STANDSTILL) throw new Error(`The lanes kernels made no update in ${STANDSTILL} calls.`)
    if (updates === 0) return
    const wanted = Math.min((updates * CALL_MS) / Math.max(ms, 0.01), LARGEST_RISE * this.budget)
    this.budget = Math.max(1, Math.min(this.#longest, Math.floor(wanted)))
  }
}
