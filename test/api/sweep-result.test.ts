import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { streamSweepResult } from '../../src/api/sweep-result.ts'
import type { SweepView } from '../../src/experiment/sweep-view.ts'
import type { PlacedRun } from '../../src/ledger/sweep-runs.ts'

const RUNS = 250
const ended = {
  id: 's1',
  state: 'succeeded',
  counts: { succeeded: RUNS },
  finishedAt: '2026-01-01T00:00:00.000Z',
  spec: { base: {}, axes: { seed: { seeds: RUNS } } },
} as unknown as SweepView

/** A sweep of which so many pages are read before it is begun anew. */
function sourceOf(pages: number) {
  let read = 0
  return {
    findSweep: () => (read < pages ? ended : { ...ended, state: 'queued' as const, finishedAt: null }),
    sweepRuns: (_: string, { after = -1, limit }: { readonly after?: number; readonly limit: number }) => {
      read += 1
      if (read > pages) return []
      const count = Math.min(limit, RUNS - 1 - after)
      return Array.from({ length: count }, (_, k) => ({ position: after + 1 + k, run: {} }) as PlacedRun)
    },
    sweepAnalysis: () => '{}',
  }
}

const stream = (pages: number) =>
  text(streamSweepResult(sourceOf(pages), 's1', {}, new AbortController().signal))

it('the result of a sweep has all of its runs', async () => {
  assert.equal(JSON.parse(await stream(9)).runs.length, RUNS)
})

it('a result is broken off where its sweep is extended while it is sent, and never told in part as if whole', async () => {
  await assert.rejects(stream(1), { code: 'STATE_CONFLICT' })
})
