import { STATUS } from './batch.ts'
import { Chronicle } from './chronicle.ts'
import type { Entry } from './entry.ts'
import { feed } from './feed.ts'
import { type Loaded, load } from './load.ts'
import type { LanesLibrary } from './native.ts'
import { Pacing } from './pacing.ts'

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
