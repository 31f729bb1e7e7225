import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import Database from 'libsql'
import { openLedger } from '../../src/ledger/ledger.ts'
import { newRun } from './example-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'jepalab-ledger-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const fresh = () => openLedger(join(folder, `ledger-${files++}.sqlite`))

it('a run is read back as it was posted, also after the file is opened again', () => {
  const path = join(folder, 'again.sqlite')
  const ledger = openLedger(path)
  const warnings = [{ code: 'SLOW', message: 'It takes 3 days.', pointer: '/training/time' }]
  ledger.post(newRun('ra', { name: 'first', tags: ['b', 'a'], warnings }), 1000)
  ledger.close()
  ledger.close()
  const second = openLedger(path)
  const run = second.find('ra')
  assert.deepEqual(run?.asked, newRun('ra').asked)
  assert.deepEqual(run?.spec, newRun('ra').spec)
  assert.deepEqual(run?.tags, ['a', 'b'])
  assert.deepEqual(run?.warnings, warnings)
  assert.deepEqual(
    [run?.state, run?.attempt, run?.crashes, run?.name, run?.createdAt],
    ['queued', 1, 0, 'first', 1000],
  )
  assert.equal(second.find('rb'), null)
  assert.throws(() => second.post(newRun('ra'), 1001), /UNIQUE/)
  second.close()
})

it('a transition is refused for another attempt and for a state that may not follow', () => {
  const ledger = fresh()
  ledger.post(newRun('ra'), 1)
  assert.equal(ledger.transition('ra', 2, 'running', {}, 2), null)
  assert.equal(ledger.transition('rx', 1, 'running', {}, 2), null)
  assert.notEqual(ledger.transition('ra', 1, 'running', { engine: 'reference', device: 'cpu' }, 2), null)
  assert.equal(ledger.transition('ra', 1, 'starting', {}, 3), null)
  assert.notEqual(ledger.transition('ra', 1, 'succeeded', {}, 4), null)
  assert.equal(ledger.transition('ra', 1, 'cancelled', {}, 5), null)
  const run = ledger.find('ra')
  assert.deepEqual(
    [run?.state, run?.startedAt, run?.finishedAt, run?.engine],
    ['succeeded', 2, 4, 'reference'],
  )
  ledger.close()
})

it('of many commits of one attempt a single one moves the run', () => {
  const ledger = fresh()
  ledger.post(newRun('ra'), 1)
  ledger.transition('ra', 1, 'running', {}, 2)
  const moved = Array.from({ length: 20 }, () => ledger.transition('ra', 1, 'succeeded', {}, 3))
  assert.equal(moved.filter((event) => event !== null).length, 1)
  assert.equal(ledger.events.after('ra', 0, 100).length, 3)
  ledger.close()
})

it('a failed run is queued again as its next attempt, a succeeded one is not', () => {
  const ledger = fresh()
  ledger.post(newRun('ra'), 1)
  assert.equal(ledger.postAgain('ra', 1, { cohort: 'ra-2', warnings: [] }, 2), null)
  ledger.transition(
    'ra',
    1,
    'failed',
    { crashes: 4, reason: { code: 'WORKER_CRASHED', message: 'It died.' } },
    3,
  )
  assert.equal(typeof ledger.postAgain('ra', 1, { cohort: 'ra-2', warnings: [] }, 4), 'number')
  assert.equal(ledger.postAgain('ra', 1, { cohort: 'ra-2', warnings: [] }, 4), null)
  const run = ledger.find('ra')
  assert.deepEqual(
    [
      run?.state,
      run?.attempt,
      run?.crashes,
      run?.reason,
      run?.finishedAt,
      run?.cohort,
      run?.createdAt,
      run?.queuedAt,
    ],
    ['queued', 2, 0, null, null, 'ra-2', 1, 4],
  )
  ledger.transition('ra', 2, 'succeeded', {}, 5)
  assert.equal(ledger.postAgain('ra', 2, { cohort: 'ra-3', warnings: [] }, 6), null)
  ledger.close()
})

it('each change leaves one event in the same transaction, with ids that rise', () => {
  const ledger = fresh()
  ledger.post(newRun('ra'), 1)
  ledger.post(newRun('rb'), 1)
  ledger.transition('ra', 1, 'running', {}, 2)
  const progress = { step: 50, steps: 100, fraction: 0.5, etaSeconds: 1.5 }
  const id = ledger.progress('ra', 1, { progress }, 3)
  assert.equal(ledger.progress('rb', 1, { progress }, 3), null)
  const events = ledger.events.after('ra', 0, 100)
  assert.deepEqual(
    events.map((event) => event.type),
    ['state', 'state', 'progress'],
  )
  assert.deepEqual(events.at(-1), {
    id,
    run: 'ra',
    type: 'progress',
    at: 3,
    data: { state: 'running', attempt: 1, progress, reason: null },
  })
  assert.deepEqual(ledger.events.after('ra', events[1]!.id, 100), [events[2]])
  assert.deepEqual(ledger.events.find(id!), events[2])
  ledger.close()
})

it('a result is stored with the state that it belongs to, and not without it', () => {
  const ledger = fresh()
  ledger.post(newRun('ra'), 1)
  const result = '{"id":"ra"}'
  assert.equal(ledger.transition('ra', 7, 'succeeded', { result }, 2), null)
  assert.equal(ledger.results.result('ra'), null)
  ledger.transition('ra', 1, 'succeeded', { result }, 2)
  assert.equal(ledger.results.result('ra'), '{"id":"ra"}')
  ledger.close()
})

it('pages cover every run once, newest first, while new runs arrive', () => {
  const ledger = fresh()
  // Equal times in pairs, so that the id has to break ties.
  for (let i = 0; i < 9; i++) ledger.post(newRun(`r${i}`), 1000 + Math.floor(i / 2))
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = ledger.list({ limit: 4, after })
    seen.push(...page.items.map((run) => run.id))
    after = page.nextCursor ?? undefined
    ledger.post(newRun(`new${seen.length}`), 5000)
  } while (after !== undefined)
  assert.deepEqual(seen, ['r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'])
  assert.throws(() => ledger.list({ limit: 4, after: 'nonsense' }), { code: 'SCHEMA_MISMATCH' })
  ledger.close()
})

it('lists are filtered by state, tag and sweep', () => {
  const ledger = fresh()
  ledger.post(newRun('ra', { tags: ['paper'] }), 1)
  ledger.post(newRun('rb'), 2)
  ledger.label('rb', 'renamed', ['paper', 'late'])
  ledger.label('rb', null, ['paper'])
  ledger.transition('ra', 1, 'running', {}, 3)
  const ids = (query: object) => ledger.list({ limit: 10, ...query }).items.map((run) => run.id)
  assert.deepEqual(ids({ tag: 'paper' }), ['rb', 'ra'])
  assert.deepEqual(ids({ tag: 'paper', state: 'running' }), ['ra'])
  assert.deepEqual(ids({ state: 'failed' }), [])
  assert.deepEqual(ids({ sweep: 's1' }), [])
  assert.equal(ledger.find('rb')?.name, 'renamed')
  assert.deepEqual(ledger.counts(), { queued: 1, running: 1 })
  assert.deepEqual(ledger.openCohorts(), ['ra-1', 'rb-1'])
  assert.deepEqual(
    ledger.cohort('ra-1').map((run) => run.id),
    ['ra'],
  )
  ledger.close()
})

it('a ledger of a newer release is refused and left as it is', () => {
  const path = join(folder, 'newer.sqlite')
  openLedger(path).close()
  const raw = new Database(path)
  raw.exec('PRAGMA user_version = 99')
  raw.close()
  assert.throws(() => openLedger(path), /version 99/)
})
