import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openPacks } from '../../src/artifacts/pack.ts'
import type { RunDigest } from '../../src/queue/cohort-job.ts'
import { TOGETHER } from '../../src/queue/control.ts'
import { Leaving } from '../../workers/cohort-turn.ts'
import { lanesSkip } from '../engines/lanes.ts'
import {
  alone,
  cohortOf,
  endless,
  namesInPacks,
  openTurnStand,
  packsOf,
  printsOf,
  shortRuns,
  type TurnStand,
} from './turn-stand.ts'

const LIMIT_MS = 5000 // what users are promised
const LONG = 400_000 // steps that take a second or so

describe('a turn with a cohort', { skip: lanesSkip }, () => {
  let stand: TurnStand
  before(async () => {
    stand = await openTurnStand()
  })
  after(() => stand.close())

  it('packs its runs, tells each as its files are written, and lists all at the end', async () => {
    const specs = shortRuns(100)
    const job = await cohortOf('packed', specs)
    const told: RunDigest[] = []
    const phases: string[] = []
    const digest = await stand.turn(job, {
      ended: (run) => told.push(run),
      report: ({ id, phase, progress }) => progress === null && phases.push(`${id} ${phase}`),
    })
    const wanted = await alone(specs)
    assert.deepEqual(printsOf(digest, job.runs.length), wanted)
    assert.deepEqual(new Set(told), new Set(digest.runs))
    assert.equal(new Set(phases).size, phases.length) // each phase of a run is told once
    const packs = await openPacks(stand.artifacts, 'packed')
    const manifests = await packs.manifests()
    await packs.close()
    assert.deepEqual(
      job.runs.map(({ id }) => manifests.get(`${id}.1`)?.fingerprint),
      wanted,
    )
    assert.equal(packsOf(stand.artifacts, 'packed').length, 2) // 64 and the rest
  })

  it('of a run that kills its child fails that run after four crashes alone, and costs its neighbours nothing', async () => {
    const specs = shortRuns(12)
    const job = await cohortOf('culprit', [...specs, endless])
    let children = 0
    const digest = await stand.turn(job, {
      report: ({ id, phase, progress }) => {
        if (id !== 'r12' || phase !== 'running' || progress !== null) return
        children++
        void stand.child.kill() // as a run does that makes its process end
      },
    })
    const culprit = digest.runs.find(({ id }) => id === 'r12')
    assert.ok(culprit?.ended === 'failed' && culprit.code === 'WORKER_CRASHED', JSON.stringify(culprit))
    assert.equal(culprit.crashes, 4)
    assert.ok(children <= 4 + 4, `${children} children`) // halved from 13 to 1, then its restarts
    assert.deepEqual(printsOf(digest, 12), await alone(specs))
    assert.ok(digest.runs.every(({ id, crashes }) => id === 'r12' || crashes === 0))
  })

  it('of which a run is cancelled ends that run alone within 5 s, and a run that waits at once', async () => {
    const specs = shortRuns(3, LONG)
    const job = await cohortOf('cancels', [...specs, endless, { ...endless, seed: 77 }])
    const began = performance.now()
    const took = new Map<string, number>()
    let isOrdered = false
    await stand.control.cancel('cancels', 'r4')
    const digest = await stand.turn(job, {
      report: ({ id, progress }) => {
        if (id !== 'r3' || isOrdered || progress === null) return
        isOrdered = true
        void stand.control.cancel('cancels', 'r3')
      },
      ended: ({ id }) => took.set(id, performance.now() - began),
    })
    assert.deepEqual(
      digest.runs.filter(({ ended }) => ended === 'cancelled').map(({ id }) => id),
      ['r4', 'r3'],
    )
    assert.ok((took.get('r3') ?? Number.NaN) < LIMIT_MS, `cancelled after ${took.get('r3')} ms`)
    assert.deepEqual(printsOf(digest, 3), await alone(specs))
  })

  it('that leaves hands its runs back without a crash, and the next turn trains none that is in a pack', async () => {
    const specs = shortRuns(70)
    const job = await cohortOf('handed', [...specs, endless])
    const leaving = new AbortController()
    let written = 0
    const queued = new Set<string>()
    const listener = {
      ended: () => {
        if (++written === 64) leaving.abort(new Leaving('The test goes.'))
      },
      report: ({ id, phase }: { id: string; phase: string }) => phase === 'queued' && queued.add(id),
    }
    await assert.rejects(stand.turn(job, listener, leaving.signal), { name: 'Leaving' })
    assert.ok(queued.has('r70') && queued.size <= 7, `${queued.size} were handed back`)
    assert.equal(await stand.control.start('handed', TOGETHER), 1)
    await stand.control.takeBack('handed', TOGETHER)
    await stand.control.cancel('handed', 'r70')
    const digest = await stand.turn(job)
    assert.deepEqual(printsOf(digest, 70), await alone(specs))
    assert.deepEqual(
      digest.runs.filter(({ crashes }) => crashes > 0),
      [],
    )
    const names = await namesInPacks(stand.artifacts, 'handed')
    assert.equal(new Set(names).size, names.length, 'a run lies in two packs')
    assert.equal(names.length, 70)
  })

  it('whose worker was lost with it is trained in halves, and counts no crash of any run', async () => {
    const job = await cohortOf('lost', shortRuns(9))
    for (let turn = 0; turn < 2; turn++) await stand.control.start('lost', TOGETHER) // and no more was heard
    const together: number[] = []
    const digest = await stand.turn(job, {
      report: ({ progress }) => void (progress === null && together.push(performance.now())),
    })
    assert.equal(digest.runs.length, 9)
    assert.deepEqual(
      [...new Set(digest.runs.map(({ crashes, ended }) => `${ended} ${crashes}`))],
      ['finished 0'],
    )
    const groups = together.filter((at, k) => k === 0 || at - (together[k - 1] ?? 0) > 1) // runs of one message come at once
    assert.equal(groups.length, 3, `${groups.length} groups`) // 3, 3, 3
  })

  it('whose packs cannot be written fails each of its runs and says so', async () => {
    const job = await cohortOf('unwritable', shortRuns(3, LONG))
    const digest = await stand.turn(job, {
      report: () =>
        writeFileSync(join(stand.artifacts, 'packs', 'unwritable'), 'a file where a folder belongs'),
    })
    const codes = digest.runs.map((run) => run.ended === 'failed' && run.code)
    assert.deepEqual(codes, Array(3).fill('ARTIFACTS_UNWRITABLE'))
  })
})
