/**
 * A worker's hold on a queue job. It is renewed four times per lock; where no renewal succeeded for three
 * quarters of the lock, measured on a clock that never goes back, the lease counts as lost before Redis gives
 * the job to another, so that two workers never train it at once. Timers and the clock are Node's own monotonic ones.
 */
export interface Lease {
  /** Aborted once the lease is lost. */
  readonly lost: AbortSignal
  /** Stops renewing. May be called twice. */
  release(): void
}

const RENEWALS = 4
const FENCE = 0.75

/**
 * Holds a lease from now on.
 *
 * @param renew sets the lock's time anew; false where the lock is no longer ours, a rejection where Redis could not be asked
 * @param lockMs the time that a renewal buys
 */
export function holdLease(renew: () => Promise<boolean>, lockMs: number): Lease {
  const lost = new AbortController()
  let good = performance.now()
  const lose = (why: string) => {
    release()
    lost.abort(new Error(why))
  }
  const attempt = async () => {
    const sent = performance.now()
    const ours = await renew().catch(() => null) // the fence below answers for an outage
    if (ours) good = Math.max(good, sent)
    if (ours === false) lose('the lock is gone')
  }
  const fence = () => {
    const age = performance.now() - good
    if (age > FENCE * lockMs) lose(`no renewal for ${Math.round(age)} ms`)
  }
  const renewing = setInterval(() => void attempt(), lockMs / RENEWALS)
  const fencing = setInterval(fence, lockMs / 40)
  const release = () => {
    clearInterval(renewing)
    clearInterval(fencing)
  }
  return { lost: lost.signal, release }
}
