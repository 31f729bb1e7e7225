import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { Dispatch } from '../dispatch/dispatch.ts'
import { axisValues } from '../experiment/axes.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { WITH_RESULT } from '../experiment/states.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { SweepView } from '../experiment/sweep-view.ts'

/** The part of a dispatch that a result is read from. */
type Source = Pick<Dispatch, 'findSweep' | 'sweepRuns' | 'sweepAnalysis'>

interface Page {
  /** At most so many runs; all of them without. */
  readonly limit?: number
  /** The place of the last run that the reader has. */
  readonly after?: number
}

/** Runs read in one turn of the event loop, which takes some 4 ms: others are answered in between. */
const SLICE = 100
/** Bytes of the analysis sent in one turn. */
const CHUNK = 256 * 1024

/**
 * The result of a sweep as JSON, made while it is sent: a hundred thousand runs are never in memory together. The analysis is
 * on the first page alone.
 *
 * @throws SWEEP_UNKNOWN, STATE_CONFLICT as `readableSweep`
 */
export function streamSweepResult(source: Source, id: string, page: Page, closing: AbortSignal): Readable {
  const view = readableSweep(source, id)
  return Readable.from(partsOf(source, view, page), { objectMode: false, signal: closing })
}

/**
 * A sweep that has ended with something to read: at least one run has a result, whether or not others failed or were cancelled.
 *
 * @throws SWEEP_UNKNOWN, STATE_CONFLICT
 */
export function readableSweep(source: Pick<Dispatch, 'findSweep'>, id: string): SweepView {
  const view = source.findSweep(id)
  const isReadable = [...WITH_RESULT].some((state) => (view.counts[state] ?? 0) > 0)
  if (view.finishedAt !== null && isReadable) return view
  throw new ExperimentError('STATE_CONFLICT', { id, state: view.state, wanted: 'its result' })
}

type Parts = AsyncGenerator<string | Uint8Array>

async function* partsOf(source: Source, view: SweepView, { limit, after }: Page): Parts {
  const { id, spec } = view
  yield `{"id":${JSON.stringify(id)},"axes":${JSON.stringify(axesOf(spec))},"runs":[`
  let last = after ?? -1
  let isOver = false
  for (let left = limit ?? Number.POSITIVE_INFINITY; left > 0 && !isOver; left -= SLICE) {
    const wanted = Math.min(SLICE, left)
    const rows = source.sweepRuns(id, { after: last, limit: wanted })
    const isFirst = last === (after ?? -1)
    if (rows.length > 0) yield (isFirst ? '' : ',') + rows.map(({ run }) => JSON.stringify(run)).join(',')
    last = rows.at(-1)?.position ?? last
    isOver = rows.length < wanted
    await turn()
    checkSame(source, view)
  }
  yield ']'
  if (limit !== undefined) {
    isOver ||= source.sweepRuns(id, { after: last, limit: 1 }).length === 0
    yield `,"nextCursor":${isOver ? null : `"${last}"`}`
  }
  if (after === undefined) yield* analysisOf(source, id)
  yield '}'
}

/** A sweep that is extended meanwhile has other runs: its reader is cut off rather than told a part. @throws STATE_CONFLICT */
function checkSame(source: Source, { id, finishedAt }: SweepView): void {
  const now = source.findSweep(id)
  if (now.finishedAt === finishedAt) return
  throw new ExperimentError('STATE_CONFLICT', { id, state: now.state, wanted: 'its result' })
}

/** The fields of the analysis, with a comma before them. */
async function* analysisOf(source: Source, id: string): Parts {
  const fields = Buffer.from(source.sweepAnalysis(id) ?? '{}').subarray(1, -1)
  if (fields.length > 0) yield ','
  for (let from = 0; from < fields.length; from += CHUNK) {
    yield fields.subarray(from, from + CHUNK)
    await turn()
  }
}

/** The values of each axis; of a range that is searched, and not stepped through, its two ends. */
function axesOf({ axes, base, search }: SweepSpec): Record<string, unknown[]> {
  const entries = Object.entries(axes).map(([path, axis], i): [string, unknown[]] => {
    const isSearched = search === 'random' || (search === 'boundary' && i === 1)
    if (isSearched && 'log' in axis) return [path, [...axis.log]]
    if (isSearched && 'linear' in axis) return [path, [...axis.linear]]
    return [path, axisValues(axis, base.seed)]
  })
  return Object.fromEntries(entries)
}
