import { setTimeout as sleep } from 'node:timers/promises'
import { ENDED, JOB_STATES } from '../experiment/states.ts'
import type { SweepResult, SweepView } from '../experiment/sweep-view.ts'
import { type ApiClient, ApiError } from './client.ts'
import { type Drawn, ProgressBar } from './progress-bar.ts'
import { sweepTables } from './sweep-tables.ts'

const POLL_MS = 500
/** Polls in a row that nobody answers before the service counts as gone: it may have been started again. */
const PATIENCE = 40
/** Runs shown where nothing was made of them together. */
const SHOWN_RUNS = 12
/** What a shell gives a program that Ctrl-C ends. */
const INTERRUPTED = 130

interface Options {
  readonly json?: boolean | undefined
}

/**
 * Follows a sweep to its end with a bar on standard error and prints what it found. Ctrl-C leaves it running.
 *
 * @param then what is still to do once there is a result
 * @returns the exit code: 0 where there is a result
 */
export async function followSweep(
  client: ApiClient,
  id: string,
  options: Options,
  then: () => Promise<void> = async () => {},
): Promise<number> {
  const sweep = await watchSweep(client, id)
  if (sweep === null) {
    process.stderr.write(
      `The sweep goes on. Come back with jepalab watch ${id.slice(0, 10)}, or end it with jepalab cancel ${id.slice(0, 10)}.\n`,
    )
    return INTERRUPTED
  }
  const code = await printSweepOutcome(client, sweep, options)
  if (code === 0) await then()
  return code
}

/** @returns the sweep as it ended, or null where the user has left before */
async function watchSweep(client: ApiClient, id: string): Promise<SweepView | null> {
  const bar = new ProgressBar(process.stderr, id.slice(0, 8))
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  process.once('SIGINT', leave)
  try {
    for (let failures = 0; ; ) {
      try {
        const reply = await client.fetch(`/v1/sweeps/${id}`, { signal: leaving.signal })
        const sweep = (await reply.json()) as SweepView
        failures = 0
        bar.draw(drawnOf(sweep))
        if (sweep.finishedAt !== null) return sweep
      } catch (error) {
        if (leaving.signal.aborted || error instanceof ApiError || ++failures > PATIENCE) throw error
      }
      await sleep(POLL_MS, undefined, { signal: leaving.signal })
    }
  } catch (error) {
    if (leaving.signal.aborted) return null
    throw error
  } finally {
    process.off('SIGINT', leave)
    bar.end()
  }
}

function drawnOf({ state, progress, counts, total }: SweepView): Drawn {
  const told = ['failed', 'diverged', 'cancelled', 'running'] as const
  const rest = told.flatMap((name) => ((counts[name] ?? 0) > 0 ? [`${counts[name]} ${name}`] : []))
  return { state, progress, count: `${endedRuns(counts)}/${total} runs`, rest: rest.join(', ') }
}

function endedRuns(counts: SweepView['counts']): number {
  return JOB_STATES.reduce((sum, state) => sum + (ENDED.has(state) ? (counts[state] ?? 0) : 0), 0)
}

/** Prints the result of a sweep that has ended, or why there is none. @returns the exit code */
export async function printSweepOutcome(
  client: ApiClient,
  sweep: SweepView,
  { json = false }: Options,
): Promise<number> {
  const { id, state, reason } = sweep
  if (reason) process.stderr.write(`${state}: ${reason.message}\n`)
  const query = json ? '' : `?limit=${SHOWN_RUNS}`
  try {
    const reply = await client.fetch(`/v1/sweeps/${id}/result${query}`)
    if (json) await copyOut(reply)
    else process.stdout.write(`\n${sweepTables(sweep, (await reply.json()) as SweepResult)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.status !== 409) throw error
    if (json) process.stdout.write(`${JSON.stringify(sweep)}\n`)
    else if (!reason) process.stderr.write(`${id} is ${state}.\n`)
    return 1
  }
}

/** A result of a hundred thousand runs goes through as it comes. */
async function copyOut(reply: Response): Promise<void> {
  if (reply.body === null) return
  for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
    if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
  process.stdout.write('\n')
}
