import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { engineWithoutLanes } from '../src/experiment/engine-choice.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import type { News, Notice, Order } from './trainer-messages.ts'

/** The child died, or had to be killed, while it trained. */
export class TrainerDied extends Error {
  override readonly name = 'TrainerDied'
}

/** Runs of one cohort that are trained together, and where their files go. */
export type Training = Omit<Extract<Order, { type: 'train' }>, 'type'>

/** The longest silence of a child that is taken for work; then it is killed. */
const SILENT_MS = 300_000
const TERM_GRACE_MS = 1000

/** The one warm child of a supervisor: started ahead of work, kept from cohort to cohort, replaced after an error. */
export class TrainerChild {
  readonly #log: Logger
  #process: ChildProcess | undefined
  #heard = 0 // performance.now() of the last notice
  #device: 'cpu' | 'any' | null = null // what the child was asked for so far

  constructor(log: Logger) {
    this.#log = log
  }

  /** Starts the child where there is none. */
  warm(): ChildProcess {
    this.#process ??= this.#start()
    return this.#process
  }

  /**
   * Trains runs until all have ended.
   *
   * @throws TrainerDied where the child is gone before that, with how it went
   */
  async train(training: Training, listen: (news: News) => void): Promise<void> {
    await this.#settleDevice(training.runs)
    const child = this.warm()
    this.#heard = performance.now()
    return new Promise((resolve, reject) => {
      const watch = setInterval(() => {
        if (performance.now() - this.#heard > SILENT_MS) child.kill('SIGKILL')
      }, SILENT_MS / 10)
      const settle = (end: () => void) => {
        clearInterval(watch)
        child.off('message', hear).off('exit', gone).off('error', failed)
        end()
      }
      const hear = (notice: Notice) => {
        if (notice.type === 'news') listen(notice.news)
        else if (notice.type === 'over') settle(resolve)
      }
      const gone = (code: number | null, signal: string | null) =>
        settle(() => reject(new TrainerDied(signal === null ? `exit code ${code}` : signal)))
      const failed = (cause: Error) => settle(() => reject(new TrainerDied(cause.message, { cause })))
      child.on('message', hear).on('exit', gone).on('error', failed)
      this.#tell({ type: 'train', ...training })
    })
  }

  /** Asks the child to end runs at their next pause. */
  cancel(runs: readonly string[]): void {
    this.#tell({ type: 'cancel', runs })
  }

  /**
   * Ends the child: SIGTERM, and SIGKILL some time later, a second where nothing else is said. One that trains nets keeps them
   * in that time. The next `train` starts a new one.
   */
  async kill(graceMs = TERM_GRACE_MS): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const last = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await gone
    clearTimeout(last)
  }

  /** A process has TensorFlow on one device for good, so a run that asks for the other one gets a fresh child. */
  async #settleDevice(runs: readonly CohortRun[]): Promise<void> {
    const tensorflow = runs.filter(({ spec }) => engineWithoutLanes(spec) === 'tensorflow')
    if (tensorflow.length === 0) return
    const device = tensorflow.some(({ spec }) => spec.device === 'cpu') ? 'cpu' : 'any'
    if (this.#device !== null && this.#device !== device) await this.kill()
    this.#device = device
  }

  #tell(order: Order): void {
    const child = this.#process
    if (child?.connected)
      child.send(order, (error) => error && this.#log.warn({ err: error }, 'order not sent'))
  }

  /** Native libraries write to standard error; notices are for those who debug. */
  #overhear(line: string): void {
    if (NOTICE.test(line)) this.#log.debug({ trainer: line }, 'trainer says')
    else this.#log.warn({ trainer: line }, 'trainer says')
  }

  #start(): ChildProcess {
    const [command, first] = parentDeathSignal()
    const child = spawn(command, [...first, ...process.execArgv, trainerPath()], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => this.#overhear(line))
    child.on('message', () => {
      this.#heard = performance.now()
    })
    const forget = () => {
      if (this.#process !== child) return
      this.#process = undefined
      this.#device = null
    }
    child.on('exit', (code, signal) => {
      forget()
      this.#log.debug({ pid: child.pid, code, signal }, 'trainer ended')
    })
    child.on('error', (error) => {
      forget()
      this.#log.error({ err: error }, 'trainer could not be started')
    })
    this.#log.debug({ pid: child.pid }, 'trainer started')
    return child
  }
}

/** What native libraries say of themselves on standard error: `I0000 …` of absl's log, and its own preamble. */
const NOTICE = /^I\d{4} |^WARNING: All log messages before absl/

function trainerPath(): string {
  return fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './trainer.ts' : './trainer.js', import.meta.url),
  )
}

let wrapped: [string, string[]] | undefined

/** node, started so that the kernel kills it with its parent where setpriv can do that (Linux). */
function parentDeathSignal(): [string, string[]] {
  const works = () => spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0
  wrapped ??= works() ? ['setpriv', ['--pdeathsig', 'KILL', process.execPath]] : [process.execPath, []]
  return wrapped
}
