import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { unzipSync } from 'fflate'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { specAt } from '../../src/experiment/axes.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import type { SweepRun } from '../../src/experiment/sweep-view.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { childrenOf, openStand, type Stand } from '../dispatch/stand.ts'
import { trainMany } from '../engines/runs.ts'

let stand: Stand
before(async () => {
  stand = await openStand({ reconcileMs: 500 })
})
after(() => stand.close())

const RUNS = 500
/** Runs of different lengths, so that some have ended and others have not whenever the blow comes. */
const spec: SweepSpec = {
  base: {
    objective: 'jepa',
    data: { kind: 'gaussian', lambda: [1.2, 1, 0.9, 0.8], rho: [0.5, 0.7, 0.8, 0.9] },
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'balanced', scale: 0.05 },
    training: { mode: 'gradient-descent', learningRate: 0.01, steps: 1000 },
    measure: { points: 10 },
  },
  axes: {
    objective: ['jepa', 'mae'],
    'training.steps': { linear: [200_000, 5_000_000], count: 25 },
    seed: { seeds: RUNS / 50 },
  },
}

const rows = (id: string): SweepRun[] => stand.dispatch.sweepRuns(id, { limit: RUNS }).map(({ run }) => run)

async function reachDone(id: string, count: number): Promise<void> {
  while ((stand.dispatch.findSweep(id).counts.succeeded ?? 0) < count) await wait(20)
}

/** How often each attempt of a run was written, over all packs. */
function written(): Map<string, number> {
  const times = new Map<string, number>()
  const folder = join(stand.artifacts, 'packs')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.zip')) continue
    unzipSync(readFileSync(join(folder, name)), {
      filter: (entry) => {
        times.set(entry.name, (times.get(entry.name) ?? 0) + 1)
        return false
      },
    })
  }
  return times
}

it('a sweep of 500 runs whose trainer, supervisor and Redis are killed ends as if nothing had happened', async () => {
  let supervisor = stand.supervisor()
  const { view } = await stand.dispatch.postSweep(spec)
  const { id } = view

  await reachDone(id, 20)
  process.kill(childrenOf(supervisor.pid ?? 0)[0]!, 'SIGKILL')
  await reachDone(id, 80)
  const gone = once(supervisor, 'exit')
  supervisor.kill('SIGKILL')
  await gone
  supervisor = stand.supervisor()
  await reachDone(id, 160)
  process.kill(stand.redis.pid()!, 'SIGKILL')
  await reachDone(id, 240)
  const before = new Map(rows(id).map((run) => [run.id, run.fingerprint]))
  await stand.reopen()
  await reachDone(id, RUNS)
  while (stand.dispatch.findSweep(id).finishedAt === null) await wait(20)

  const over = stand.dispatch.findSweep(id)
  assert.deepEqual([over.state, over.counts], ['succeeded', { succeeded: RUNS }])
  const runs = rows(id)
  assert.equal(new Set(runs.map((run) => run.id)).size, RUNS)
  for (const run of runs) {
    assert.equal(stand.ledger.standing(run.id)?.attempt, 1)
    assert.ok(
      [null, run.fingerprint].includes(before.get(run.id) ?? null),
      'a result that was there has changed',
    )
    const ends = stand.dispatch.events(run.id).filter(({ data }) => data.state === 'succeeded')
    assert.equal(ends.length, 1, `${run.id} ended ${ends.length} times`)
  }
  const times = written()
  assert.deepEqual(
    [times.size, Math.max(...times.values())],
    [RUNS, 1],
    'runs written, and how often the most',
  )
  const some = runs.filter((_, k) => k % 50 === 0)
  assert.deepEqual(
    some.map((run) => run.fingerprint),
    await undisturbed(some),
  )
})

async function undisturbed(runs: readonly SweepRun[]): Promise<string[]> {
  const specs = runs.map(({ point }) => specAt(spec.base, point) as ExperimentSpec)
  const ends = await trainMany(openLanesEngine(), specs)
  return ends.map((end) => {
    assert.equal(end.status, 'fulfilled')
    return fingerprintOf(end.value.measurements, end.value.weights)
  })
}
