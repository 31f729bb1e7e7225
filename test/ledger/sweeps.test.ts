import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts'
import { readSweepRuns } from '../../src/ledger/sweep-reader.ts'
import type { AdmittedPoint } from '../../src/ledger/sweeps.ts'
import { newRun } from './example-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'jepalab-ledger-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const fresh = () => openLedger(join(folder, `sweeps-${files++}.sqlite`))
const spec: SweepSpec = { base: newRun('r').asked, axes: { 'model.depth': [1, 2, 3] }, tags: ['paper'] }

const point = (position: number, id: string, shape = 'a'): AdmittedPoint => ({
  position,
  point: { 'model.depth': position },
  run: newRun(id, { cohort: '', alone: false, shape }),
})

function posted(ledger: Ledger, id: string, runs: readonly string[]): void {
  ledger.sweeps.post(id, spec, runs.length, 1)
  ledger.sweeps.admit(
    id,
    runs.map((run, k) => point(k, run)),
    2,
  )
}

it('runs are counted per sweep and state, whoever moves them', () => {
  const ledger = fresh()
  posted(ledger, 's1', ['ra', 'rb', 'rc'])
  posted(ledger, 's2', ['rb', 'rd'])
  assert.deepEqual([ledger.sweeps.counts('s1'), ledger.sweeps.counts('s2')], [{ queued: 3 }, { queued: 2 }])
  ledger.transition('rb', 1, 'running', {}, 3)
  ledger.transition('rd', 1, 'failed', {}, 3)
  assert.deepEqual(ledger.sweeps.counts('s1'), { queued: 2, running: 1 })
  assert.deepEqual(ledger.sweeps.counts('s2'), { running: 1, failed: 1 })
  assert.deepEqual(ledger.sweeps.claiming('rb'), ['s1', 's2'])
  assert.deepEqual(
    ledger.list({ sweep: 's2', limit: 9 }).items.map(({ id }) => id),
    ['rd', 'rb'],
  )
  ledger.close()
})

it('a sweep goes on from the points that were admitted, and a run that fails comes again as its next attempt', () => {
  const ledger = fresh()
  ledger.sweeps.post('s1', spec, 3, 1)
  ledger.sweeps.admit('s1', [point(0, 'ra'), point(1, 'rb')], 2)
  const { cursor, points, total } = ledger.sweeps.find('s1')!
  assert.deepEqual([cursor, points, total], [2, 3, 2])
  ledger.transition('ra', 1, 'failed', {}, 3)
  ledger.sweeps.restart('s1', spec, 3)
  ledger.sweeps.admit('s1', [point(0, 'ra'), point(1, 'rb')], 4)
  assert.deepEqual([ledger.standing('ra')?.attempt, ledger.standing('rb')?.attempt], [2, 1])
  assert.deepEqual(ledger.sweeps.counts('s1'), { queued: 2 })
  ledger.close()
})

it('points that come to the same run are one run of the sweep', () => {
  const ledger = fresh()
  posted(ledger, 's1', ['ra', 'ra', 'rb'])
  assert.deepEqual([ledger.sweeps.find('s1')?.total, ledger.sweeps.find('s1')?.cursor], [2, 3])
  assert.deepEqual(ledger.sweeps.counts('s1'), { queued: 2 })
  ledger.close()
})

it('only runs that nobody else asks for are cancelled with a sweep', () => {
  const ledger = fresh()
  posted(ledger, 's1', ['ra', 'rb', 'rc', 'rd'])
  posted(ledger, 's2', ['rb'])
  ledger.label('rc', null, []) // posted by itself as well
  ledger.transition('rd', 1, 'running', {}, 3)
  const ids = () => ledger.sweeps.toCancel('s1', 9).map(({ id }) => id)
  assert.deepEqual(ids(), ['ra', 'rd'])
  ledger.sweeps.end('s2', { state: 'succeeded', reason: null, analysis: {} }, 4)
  assert.deepEqual(ids(), ['ra', 'rb', 'rd'])
  ledger.close()
})

it('waiting runs of a shape are gathered across sweeps, the asking one first, and once', () => {
  const ledger = fresh()
  posted(ledger, 's1', ['ra', 'rb', 'rc'])
  posted(ledger, 's2', ['rd', 'rb'])
  assert.deepEqual(ledger.waiting.firstOf('s2', 0), { position: 0, shape: 'a' })
  const taken = ledger.waiting.ofShape('a', 's2', 0, 3)
  assert.deepEqual(
    taken.map(({ id }) => id),
    ['rd', 'rb', 'ra'],
  )
  ledger.waiting.assign(taken, 'c1')
  assert.deepEqual(ledger.waiting.firstOf('s2', 0), null)
  assert.deepEqual(ledger.waiting.firstOf('s1', 0), { position: 2, shape: 'a' })
  assert.deepEqual(ledger.openCohorts(), ['c1'])
  assert.equal(ledger.toTrain('c1').length, 3)
  ledger.close()
})

it('the rows of a sweep hold what its runs came to, and a reader of its own sees them', () => {
  const ledger = fresh()
  posted(ledger, 's1', ['ra', 'rb'])
  const criticalTime = { measured: 3, predicted: 4, leadingOrder: 5 }
  const amplitude = { initial: 0, final: 1, fixedPoint: 2 }
  const result = JSON.stringify({
    ...{ id: 'ra', fingerprint: 'f', order: { measured: [0], predicted: [0] }, theoryResidual: 0.1 },
    ...{ greedyIndex: { measured: 1, predicted: 1 }, loss: { initial: 2, final: 1 } },
    features: [{ index: 0, lambda: 1, rho: 1, criticalTime, amplitude }],
  })
  ledger.transition('ra', 1, 'succeeded', { result }, 3)
  const [first, second] = readSweepRuns(ledger.path, 's1')
  assert.deepEqual(first?.criticalTimes, { measured: [3], predicted: [4] })
  assert.deepEqual([first?.point, first?.state, first?.fingerprint], [{ 'model.depth': 0 }, 'succeeded', 'f'])
  assert.deepEqual([second?.state, second?.order], ['queued', null])
  assert.deepEqual(
    ledger.sweeps.runs('s1', 0, 5).map(({ position }) => position),
    [1],
  )
  ledger.close()
})

it('sweeps are listed newest first, by state and by tag', () => {
  const ledger = fresh()
  for (const [k, id] of ['s1', 's2', 's3'].entries()) ledger.sweeps.post(id, spec, 3, k)
  ledger.sweeps.setState('s2', 'running', 5)
  const ids = (query: object) => ledger.sweeps.list({ limit: 2, ...query }).items.map(({ id }) => id)
  assert.deepEqual(ids({}), ['s3', 's2'])
  const after = ledger.sweeps.list({ limit: 2 }).nextCursor!
  assert.deepEqual(ids({ after }), ['s1'])
  assert.deepEqual([ids({ state: 'running' }), ids({ tag: 'paper', after })], [['s2'], ['s1']])
  assert.deepEqual(ids({ tag: 'other' }), [])
  ledger.close()
})
