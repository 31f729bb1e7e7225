import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface ChildPlan {
  /** For the reader of the log: `worker 0`. */
  readonly name: string
  /** The module that the process runs. */
  readonly file: URL
  readonly env: NodeJS.ProcessEnv
  /** How long it may take to end by itself before it is killed. */
  readonly graceMs: number
  /** How far it and its children stand back where processors are scarce: 0 to 19. */
  readonly niceness?: number
}

export interface ChildHearer {
  /** A message over IPC. */
  message?(message: unknown): void
  /** Asked when it ended by itself: whether to start it again. Without it, always. */
  again?(): boolean
  /** A line for the operator. */
  note(line: string): void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A child that lived this long was well; its next death is a new story. */
const WELL_MS = 60_000

/**
 * A process that is started again when it dies, after a pause that doubles. It stays our descendant and
 * holds an IPC channel, whose end tells it that we are gone, however we went. It has a process group of its
 * own, so that Ctrl-C at the terminal reaches us alone and everything ends in order.
 */
export class KeptChild {
  readonly #plan: ChildPlan
  readonly #hearer: ChildHearer
  readonly #stop = new AbortController()
  #child: ChildProcess | undefined
  #kept: Promise<void>

  constructor(plan: ChildPlan, hearer: ChildHearer) {
    this.#plan = plan
    this.#hearer = hearer
    this.#kept = this.#keep()
  }

  /** Settles when it is not started again any more. */
  get ended(): Promise<void> {
    return this.#kept
  }

  /** SIGTERM, and SIGKILL after the grace. May be called twice. */
  async close(): Promise<void> {
    this.#stop.abort()
    const child = this.#child
    child?.kill('SIGTERM')
    const killer = setTimeout(() => child?.kill('SIGKILL'), this.#plan.graceMs)
    await this.#kept
    clearTimeout(killer)
  }

  async #keep(): Promise<void> {
    for (
      let pause = FIRST_PAUSE_MS;
      !this.#stop.signal.aborted;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    ) {
      const began = performance.now()
      const end = await this.#live()
      if (this.#stop.signal.aborted || this.#hearer.again?.() === false) return
      if (performance.now() - began > WELL_MS) pause = FIRST_PAUSE_MS
      this.#hearer.note(`${this.#plan.name} ended (${end}); it is started again in ${pause / 1000} s`)
      await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  /** One life of the process. @returns how it ended */
  async #live(): Promise<string> {
    const { file, env, niceness = 0 } = this.#plan
    const child = spawn(process.execPath, [...nodeFlags(), fileURLToPath(file)], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    this.#child = child
    if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness)
    child.on('message', (message) => this.#hearer.message?.(message))
    try {
      const [code, signal] = await once(child, 'exit')
      return signal === null ? `exit code ${code}` : String(signal)
    } catch (error) {
      return (error as Error).message // it could not be started
    } finally {
      this.#child = undefined
    }
  }
}

/** Node's flags for a child: ours, but never the code of `node -e`, which the child would run instead of its file. */
function nodeFlags(): string[] {
  const code = process.execArgv.findIndex((flag) => /^(-e|-p|-pe|--eval|--print)$/.test(flag))
  return code < 0 ? process.execArgv : process.execArgv.toSpliced(code, 2)
}

/** A module beside the caller's tree, with the caller's own extension: source under tsx, dist compiled. */
export function siblingModule(path: string, from: string): URL {
  return new URL(`${path}${from.endsWith('.ts') ? '.ts' : '.js'}`, from)
}
