import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { CohortDigest, CohortJob, CohortRun, RunDigest, RunProgress } from '../src/queue/cohort-job.ts'
import { type CohortControl, TOGETHER } from '../src/queue/control.ts'
import { finishedRuns } from './finished-runs.ts'
import type { ProgressPost } from './progress-post.ts'
import { Tidying } from './tidying.ts'
import { type TrainerChild, TrainerDied } from './trainer-child.ts'
import type { News, RunEnd } from './trainer-messages.ts'
import { TrainingGroups } from './training-groups.ts'

/** Crashes that a run survives; the next one fails it. */
const RESTARTS = 3
const ORDERS_MS = 500 // how often orders to cancel are looked up
const ABORT_GRACE_MS = 3000 // a run told to end has this long before its child is killed
const KEEP_MS = 4000 // for the child of a supervisor that leaves: nets under way are kept, so that the next worker goes on
const RESTART_MS = 250 // before a new child, so that a leaving supervisor notices first

/** Why a turn stops in order: the supervisor was told to end. */
export class Leaving extends Error {
  override readonly name = 'Leaving'
}

export interface TurnHands {
  readonly child: TrainerChild
  readonly control: CohortControl
  readonly artifacts: string
  /** The least time of training from one checkpoint of a net to the next. */
  readonly checkpointMs: number
  /** Aborted when the turn must stop: with a Leaving where the supervisor goes, else because the lease is lost. */
  readonly stop: AbortSignal
  readonly post: Pick<ProgressPost, 'report' | 'ended'>
  readonly log: Logger
}

/**
 * One worker's turn with a cohort: train what is left of it, in a new child after each crash, until every run has
 * ended. A run whose files are there is not trained twice.
 *
 * @throws the reason of `stop`, with the runs handed back
 */
export async function takeTurn(job: CohortJob, hands: TurnHands): Promise<CohortDigest> {
  const turn = new Turn(job, hands)
  const orders = watchOrders(job.cohort, turn, hands)
  const halt = () => void hands.child.kill(hands.stop.reason instanceof Leaving ? KEEP_MS : undefined)
  hands.stop.addEventListener('abort', halt)
  try {
    await turn.begin()
    do hands.stop.throwIfAborted()
    while (await turn.trainNext())
    await turn.tidying.done()
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

/** What a log line says of runs: the only one by name. */
export function named(runs: readonly CohortRun[]): { jobId: string; attempt: number } | { runs: number } {
  const [first] = runs
  return runs.length === 1 && first !== undefined
    ? { jobId: first.id, attempt: first.attempt }
    : { runs: runs.length }
}

class Turn {
  readonly tidying: Tidying
  readonly #job: CohortJob
  readonly #hands: TurnHands
  readonly #runs: ReadonlyMap<string, CohortRun>
  readonly #ends = new Map<string, RunDigest>()
  readonly #crashes = new Map<string, number>() // where they are more than the ledger knew of
  readonly #places = new Map<string, { engine: string; device: string }>()
  readonly #cancelled = new Set<string>() // told to end
  readonly #kills = new Set<NodeJS.Timeout>()
  readonly #started = new Set<string>() // counted in Redis, and neither ended nor crashed
  #groups = new TrainingGroups([], 0)
  #training = new Set<string>() // in the child
  #killed = false // the child dies by our hand, for a run that did not follow

  constructor(job: CohortJob, hands: TurnHands) {
    this.#job = job
    this.#hands = hands
    this.tidying = new Tidying(hands.artifacts, hands.log)
    this.#runs = new Map(job.runs.map((run) => [run.id, run]))
  }

  digest(): CohortDigest {
    return { runs: [...this.#ends.values()] }
  }

  /** Tells runs to end: at once where they wait, else in the child, which is killed where it does not follow in time. */
  cancel(ids: Iterable<string>): void {
    const { child, log } = this.#hands
    const fresh = [...ids].filter(
      (id) => this.#runs.has(id) && !this.#cancelled.has(id) && !this.#ends.has(id),
    )
    if (fresh.length === 0) return
    log.info({ runs: fresh.length, jobId: fresh[0] }, 'runs told to end')
    for (const id of fresh) {
      this.#cancelled.add(id)
      if (!this.#training.has(id)) this.#end(id, { ended: 'cancelled' })
    }
    const inChild = fresh.filter((id) => this.#training.has(id))
    if (inChild.length === 0) return
    child.cancel(inChild)
    const kill = () => {
      const deaf = inChild.filter((id) => !this.#ends.has(id))
      if (deaf.length === 0) return
      log.warn(
        { jobId: deaf[0], runs: deaf.length, afterMs: ABORT_GRACE_MS },
        'runs did not end, their child is killed',
      )
      this.#killed = true
      void child.kill()
    }
    this.#kills.add(setTimeout(kill, ABORT_GRACE_MS))
  }

  /** Stops the timers. */
  close(): void {
    for (const timer of this.#kills) clearTimeout(timer)
  }

  /**
   * Leaves out what was finished by an earlier turn or cancelled while it waited, and counts the start of the others in
   * common: what more was counted before are workers that were lost with them.
   */
  async begin(): Promise<void> {
    const { control } = this.#hands
    const [cancelled] = await Promise.all([control.cancelled(this.#job.cohort), this.#skipFinished()])
    this.cancel(cancelled)
    const left = this.#left(this.#job.runs)
    const losses = left.length > 1 ? (await this.#start(TOGETHER)) - 1 : 0
    this.#groups = new TrainingGroups(left, losses)
  }

  async #skipFinished(): Promise<void> {
    const finished = await finishedRuns(this.#hands.artifacts, this.#job.cohort, this.#left(this.#job.runs))
    for (const [id, fingerprint] of finished) this.#end(id, { ended: 'finished', fingerprint })
  }

  #left(runs: readonly CohortRun[]): CohortRun[] {
    return runs.filter(({ id }) => !this.#ends.has(id))
  }

  async #start(run: string): Promise<number> {
    const starts = await this.#hands.control.start(this.#job.cohort, run)
    this.#started.add(run)
    return starts
  }

  /** Trains the next runs in one child, until all have ended or the child has died. @returns false where none are left */
  async trainNext(): Promise<boolean> {
    const group = this.#groups.take((run) => !this.#ends.has(run.id))
    if (group === null) return false
    const alone = group.length === 1 ? (group[0] as CohortRun) : null
    if (alone !== null) await this.#countStart(alone)
    this.#hands.stop.throwIfAborted()
    const runs = this.#left(group) // some may have been cancelled just now
    const death = runs.length > 0 ? await this.#train(runs) : null
    if (death !== null) {
      await wait(RESTART_MS)
      this.#hands.stop.throwIfAborted()
      this.#hands.log.warn({ ...named(runs), cohort: this.#job.cohort, why: death }, 'trainer died')
      await this.#skipFinished()
      this.#recover(runs, alone !== null, death)
    }
    if (alone !== null) this.#started.delete(alone.id)
    return true
  }

  /** @returns how the child died, or null where all runs have ended */
  async #train(runs: readonly CohortRun[]): Promise<string | null> {
    const { child, artifacts, checkpointMs } = this.#hands
    this.#training = new Set(runs.map(({ id }) => id))
    try {
      await child.train({ cohort: this.#job.cohort, runs, artifacts, checkpointMs }, (news) =>
        this.#hear(news),
      )
      const failed = runs.some(({ id }) => this.#ends.get(id)?.ended === 'failed')
      if (failed) await child.kill() // after an error the next runs get a fresh child
      return null
    } catch (error) {
      if (error instanceof TrainerDied) return error.message
      throw error
    } finally {
      this.#training.clear()
    }
  }

  /** Counts the start of a run that is trained alone; one that is out of restarts fails here, before it crashes again. */
  async #countStart({ id, crashes }: CohortRun): Promise<void> {
    const lost = crashes + (await this.#start(id)) - 1
    this.#crashes.set(id, lost)
    if (lost > RESTARTS) this.#fail(id, 'its worker was lost')
  }

  /** What becomes of runs whose child died. */
  #recover(runs: readonly CohortRun[], isAlone: boolean, why: string): void {
    for (const { id } of runs) if (this.#cancelled.has(id)) this.#end(id, { ended: 'cancelled' })
    const left = this.#left(runs)
    if (this.#killed)
      this.#groups.putBack(left) // it died of another run's cancel
    else this.#blame(left, isAlone, why)
    this.#killed = false
  }

  /** Restarts what a crash met; one that is out of restarts fails. */
  #blame(runs: readonly CohortRun[], isAlone: boolean, why: string): void {
    for (const { id, crashes } of runs) {
      const lost = (this.#crashes.get(id) ?? crashes) + (isAlone ? 1 : 0)
      this.#crashes.set(id, lost)
      if (lost > RESTARTS) this.#fail(id, why)
      else this.#tell(id, 'recovering', null)
    }
    this.#groups.putBackHalved(this.#left(runs))
  }

  /** The supervisor leaves or lost its lease: these starts were no crashes. */
  handBack(): void {
    const { control, log, stop } = this.#hands
    const { cohort, runs } = this.#job
    // Not waited for: while Redis is away it is sent as soon as it is back.
    control
      .takeBack(cohort, ...this.#started)
      .catch((error) => log.warn({ cohort, err: error }, 'starts not taken back'))
    if (!(stop.reason instanceof Leaving)) return
    for (const { id } of this.#left(runs)) this.#tell(id, 'queued', null)
  }

  #hear({ started, progress, ended }: News): void {
    for (const { run, end } of ended) this.#end(run, end)
    for (const { run, engine, device } of started) {
      this.#places.set(run, { engine, device })
      if (!this.#ends.has(run)) this.#tell(run, 'running', null)
    }
    for (const { run, progress: latest } of progress) this.#tell(run, 'running', latest)
  }

  #tell(id: string, phase: RunProgress['phase'], progress: RunProgress['progress']): void {
    const run = this.#runs.get(id)
    if (run === undefined) return
    const { engine = null, device = null } = this.#places.get(id) ?? {}
    const crashes = this.#crashes.get(id) ?? run.crashes
    this.#hands.post.report({ id, attempt: run.attempt, phase, crashes, engine, device, progress })
  }

  #fail(id: string, why: string): void {
    const { code, message } = new ExperimentError('WORKER_CRASHED', {
      crashes: this.#crashes.get(id) ?? 0,
      why,
    })
    this.#end(id, { ended: 'failed', code, message })
  }

  #end(id: string, end: RunEnd): void {
    const run = this.#runs.get(id)
    if (run === undefined || this.#ends.has(id)) return
    const digest = { id, attempt: run.attempt, crashes: this.#crashes.get(id) ?? run.crashes, ...end }
    this.#ends.set(id, digest)
    this.tidying.add(run)
    const isOne = this.#runs.size === 1
    this.#hands.log[isOne ? 'info' : 'debug']({ jobId: id, attempt: run.attempt, ...end }, 'run ended')
    if (!isOne) this.#hands.post.ended(digest)
  }
}

/** Looks up the orders to cancel and passes them on; one look at a time, so that an outage piles nothing up. */
function watchOrders(cohort: string, turn: Turn, { control, log }: TurnHands): NodeJS.Timeout {
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      turn.cancel(await control.cancelled(cohort))
    } catch (error) {
      log.warn({ cohort, err: error }, 'orders not read')
    } finally {
      looking = false
    }
  }
  return setInterval(() => void look(), ORDERS_MS)
}
