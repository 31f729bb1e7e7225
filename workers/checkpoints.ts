import type { Logger } from 'pino'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../src/artifacts/checkpoint.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import type { Engine, Keeper } from './engines/engine.ts'

/** A run's keeper, and the end of its work: from then on nothing of the run is written. */
export interface RunKeeper extends Keeper<Checkpoint> {
  /** Resolves once no file of it is in the making. May be called twice. */
  close(): Promise<void>
}

/** The checkpoints of the runs that a process trains. What goes wrong with one is told, and its run trains as if there were none. */
export interface Checkpoints {
  /** Looks up what there is of a run, of use to this engine. */
  open(run: CohortRun, engine: Engine): Promise<RunKeeper>
  /** Has what trains kept at its next pause, and resolves once that is written. */
  leave(): Promise<void>
  readonly isLeaving: boolean
}

/** @param everyMs the least time of training from one checkpoint of a run to the next */
export function openCheckpoints(
  artifacts: string,
  everyMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
): Checkpoints {
  const leaving = new AbortController()
  const writing = new Set<Promise<void>>()
  let isLeft = () => {}
  const open = async (run: CohortRun, engine: Engine): Promise<RunKeeper> => {
    const { id: jobId } = run
    const maker = makerOf(engine)
    let isOpen = true
    let last: Promise<void> = Promise.resolve()
    const refuse = (why: string) => log.warn({ jobId, why }, 'checkpoint of no use, run starts anew')
    const kept = await readCheckpoint(artifacts, run, maker).catch((error: Error) => {
      refuse(error.message)
      return null
    })
    if (kept !== null) log.info({ jobId, step: kept.step }, 'run has a checkpoint')
    const keep = async (at: Checkpoint): Promise<void> => {
      if (!isOpen) return
      const write = writeCheckpoint(artifacts, run, maker, at).catch((error: Error) =>
        log.warn({ jobId, err: error }, 'checkpoint not written'),
      )
      last = write
      writing.add(write)
      // Runs that train together are kept in one tick.
      if (leaving.signal.aborted) setImmediate(() => void Promise.all(writing).then(isLeft))
      await write
      writing.delete(write)
    }
    const close = () => {
      isOpen = false
      return last
    }
    return { kept, everyMs, leaving: leaving.signal, keep, refuse, close }
  }
  const leave = () =>
    new Promise<void>((resolve) => {
      isLeft = resolve
      leaving.abort()
    })
  return {
    open,
    leave,
    get isLeaving() {
      return leaving.signal.aborted
    },
  }
}

/** What decides the bits of a net beside its spec. */
function makerOf({ name, device, versions, operations = '' }: Engine): Record<string, string> {
  const { tensorflow = '', tfjs = '' } = versions
  return { engine: name, device, tensorflow, tfjs, operations }
}
