import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readManifest } from '../src/artifacts/run-folder.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { CohortDigest, CohortJob, CohortRun, RunDigest, RunProgress } from '../src/queue/cohort-job.ts'
import type { CohortControl } from '../src/queue/control.ts'
import { type TrainerChild, TrainerDied } from './trainer-child.ts'
import type { Notice, RunEnd } from './trainer-messages.ts'

/** Crashes that a run survives; the next one fails it. */
const RESTARTS = 3
const ORDERS_MS = 500 // how often orders to cancel are looked up
const ABORT_GRACE_MS = 3000 // a run told to end has this long before its child is killed
const RESTART_MS = 250 // before a new child, so that a leaving supervisor notices first

/** Why a turn stops in order: the supervisor was told to end. */
export class Leaving extends Error {
  override readonly name = 'Leaving'
}

export interface TurnHands {
  readonly child: TrainerChild
  readonly control: CohortControl
  readonly artifacts: string
  /** Aborted when the turn must stop: with a Leaving where the supervisor goes, else because the lease is lost. */
  readonly stop: AbortSignal
  /** Hears of a change of phase at once and of progress as it comes. */
  report(change: RunProgress): void
  readonly log: Logger
}

/**
 * One worker's turn with a cohort: train what is left of it, in a new child after each crash, until every run has
 * ended. A run whose manifest is there is not trained twice.
 *
 * @throws the reason of `stop`, with the runs handed back
 */
export async function takeTurn(job: CohortJob, hands: TurnHands): Promise<CohortDigest> {
  const turn = new Turn(job, hands)
  const orders = watchOrders(job.cohort, turn, hands)
  const halt = () => void hands.child.kill()
  hands.stop.addEventListener('abort', halt)
  try {
    await turn.skipEnded()
    while (turn.left().length > 0) {
      hands.stop.throwIfAborted()
      await turn.trainOnce()
    }
    return turn.digest()
  } catch (error) {
    if (hands.stop.aborted) turn.handBack()
    throw hands.stop.aborted ? hands.stop.reason : error
  } finally {
    clearInterval(orders)
    turn.close()
    hands.stop.removeEventListener('abort', halt)
  }
}

class Turn {
  readonly #job: CohortJob
  readonly #hands: TurnHands
  readonly #ends = new Map<string, RunDigest>()
  readonly #crashes = new Map<string, number>()
  readonly #started = new Set<string>()
  readonly #places = new Map<string, { engine: string; device: string }>()
  readonly #kills = new Map<string, NodeJS.Timeout>() // of runs that were told to end
  #killed = false // the child dies by our hand, for a run that did not follow

  constructor(job: CohortJob, hands: TurnHands) {
    this.#job = job
    this.#hands = hands
  }

  left(): CohortRun[] {
    return this.#job.runs.filter((run) => !this.#ends.has(run.id))
  }

  digest(): CohortDigest {
    return { runs: [...this.#ends.values()] }
  }

  /** Tells a run to end, and kills its child where it does not follow in time. */
  cancel(id: string): void {
    if (this.#ends.has(id) || this.#kills.has(id)) return
    const { child, log } = this.#hands
    log.info({ jobId: id }, 'run told to end')
    child.cancel(id)
    const kill = () => {
      log.warn({ jobId: id, afterMs: ABORT_GRACE_MS }, 'run did not end, its child is killed')
      this.#killed = true
      void child.kill()
    }
    this.#kills.set(id, setTimeout(kill, ABORT_GRACE_MS))
  }

  /** Stops the timers. */
  close(): void {
    for (const timer of this.#kills.values()) clearTimeout(timer)
  }

  /** Runs that an earlier turn finished, or that were cancelled while they waited. */
  async skipEnded(): Promise<void> {
    const cancelled = await this.#hands.control.cancelled(this.#job.cohort)
    for (const run of this.#job.runs) {
      const manifest = await manifestOf(this.#hands.artifacts, run)
      if (manifest !== null) this.#end(run.id, { ended: 'finished', fingerprint: manifest.fingerprint })
      else if (cancelled.has(run.id)) this.#end(run.id, { ended: 'cancelled' })
    }
  }

  /** Trains what is left in one child, until all have ended or the child has died. */
  async trainOnce(): Promise<void> {
    const { child, artifacts, stop, log } = this.#hands
    const runs = await this.#begin()
    if (runs.length === 0) return
    try {
      await child.train(runs, artifacts, (notice) => this.#hear(notice))
      const failed = runs.some(({ id }) => this.#ends.get(id)?.ended === 'failed')
      if (failed) await child.kill() // after an error the next cohort gets a fresh child
    } catch (error) {
      if (!(error instanceof TrainerDied)) throw error
      await wait(RESTART_MS)
      stop.throwIfAborted()
      for (const { id } of this.left()) log.warn({ jobId: id, why: error.message }, 'trainer died')
      await this.#recover(error.message)
    }
  }

  /** Counts the start of every run that is left; those out of restarts fail here, before they crash again. */
  async #begin(): Promise<CohortRun[]> {
    for (const run of this.left()) {
      const starts = await this.#hands.control.start(this.#job.cohort, run.id)
      this.#started.add(run.id)
      this.#crashes.set(run.id, run.crashes + starts - 1)
      if (run.crashes + starts - 1 > RESTARTS) this.#fail(run.id, 'its worker was lost')
    }
    this.#hands.stop.throwIfAborted()
    return this.left()
  }

  async #recover(why: string): Promise<void> {
    const killed = this.#killed
    this.#killed = false
    for (const { id } of this.left()) {
      if (this.#kills.has(id)) {
        this.#end(id, { ended: 'cancelled' })
      } else if (killed) {
        await this.#hands.control.takeBack(this.#job.cohort, id) // it died of another run's cancel
      } else {
        const crashes = (this.#crashes.get(id) ?? 0) + 1
        this.#crashes.set(id, crashes)
        if (crashes > RESTARTS) this.#fail(id, why)
        else this.#tell(id, 'recovering', null)
      }
    }
  }

  /**
   * The supervisor leaves or lost its lease: these starts were no crashes. Checkpoints, when they come, are asked of
   * the child here, before it is killed.
   */
  handBack(): void {
    const { control, log, stop } = this.#hands
    for (const { id } of this.left()) {
      if (!this.#started.has(id)) continue
      // Not waited for: while Redis is away it is sent as soon as it is back.
      control
        .takeBack(this.#job.cohort, id)
        .catch((error) => log.warn({ jobId: id, err: error }, 'start not taken back'))
      if (stop.reason instanceof Leaving) this.#tell(id, 'queued', null)
    }
  }

  #hear(notice: Notice): void {
    if (notice.type === 'running') {
      this.#places.set(notice.run, notice)
      this.#tell(notice.run, 'running', null)
    } else if (notice.type === 'progress') this.#tell(notice.run, 'running', notice.progress)
    else if (notice.type === 'ended') this.#end(notice.run, notice.end)
  }

  #tell(id: string, phase: RunProgress['phase'], progress: RunProgress['progress']): void {
    const attempt = this.#job.runs.find((run) => run.id === id)?.attempt
    if (attempt === undefined) return
    const { engine = null, device = null } = this.#places.get(id) ?? {}
    this.#hands.report({ id, attempt, phase, crashes: this.#crashes.get(id) ?? 0, engine, device, progress })
  }

  #fail(id: string, why: string): void {
    const { code, message } = new ExperimentError('WORKER_CRASHED', {
      crashes: this.#crashes.get(id) ?? 0,
      why,
    })
    this.#end(id, { ended: 'failed', code, message })
  }

  #end(id: string, end: RunEnd): void {
    const run = this.#job.runs.find((each) => each.id === id)
    if (run === undefined) return
    clearTimeout(this.#kills.get(id))
    this.#ends.set(id, { id, attempt: run.attempt, crashes: this.#crashes.get(id) ?? run.crashes, ...end })
    this.#hands.log.info({ jobId: id, attempt: run.attempt, ...end }, 'run ended')
  }
}

/** The manifest of an earlier turn; a damaged one counts as none, the run is then made anew. */
async function manifestOf(artifacts: string, { id, attempt }: CohortRun) {
  try {
    return await readManifest(artifacts, id, attempt)
  } catch (error) {
    if (error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED') return null
    throw error
  }
}

/** Looks up the orders to cancel and passes them on; one look at a time, so that an outage piles nothing up. */
function watchOrders(cohort: string, turn: Turn, { control, log }: TurnHands): NodeJS.Timeout {
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      for (const run of await control.cancelled(cohort)) turn.cancel(run)
    } catch (error) {
      log.warn({ cohort, err: error }, 'orders not read')
    } finally {
      looking = false
    }
  }
  return setInterval(() => void look(), ORDERS_MS)
}
