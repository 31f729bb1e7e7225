import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openPacks } from '../../src/artifacts/pack.ts'
import type { CohortDigest, CohortProgress } from '../../src/queue/cohort-job.ts'
import { childrenOf, end, openStand, type Stand } from '../dispatch/stand.ts'
import { lanesSkip } from '../engines/lanes.ts'
import { alone, cohortOf, namesInPacks, printsOf, shortRuns } from './turn-stand.ts'

const LONG = 600_000 // steps of a second or two, so that a blow meets these in the middle

describe('a cohort in the queue', { skip: lanesSkip }, () => {
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())

  /** Strikes once files of 64 runs have been told of, and waits until the cohort has left the workers. */
  async function struck(cohort: string, strike: () => Promise<void>) {
    const specs = [...shortRuns(90), ...shortRuns(2, LONG)]
    const told = new Set<string>()
    const digests: CohortDigest[] = []
    let isStruck = false
    const stop = stand.queue.listen({
      started() {},
      lost() {},
      connected() {},
      failed: (_, why) => assert.fail(why),
      ended: (ended, digest) => void (ended === cohort && digests.push(digest)),
      progress: (_, { ended = [] }: CohortProgress) => {
        for (const { id } of ended) told.add(id)
        if (isStruck || told.size < 64) return
        isStruck = true
        void strike()
      },
    })
    await stand.queue.add(await cohortOf(cohort, specs))
    const place = () => stand.queue.places([cohort]).catch(() => ['away']) // Redis may be the one that was struck
    while (digests.length === 0 && !['ended', 'absent'].includes((await place())[0] ?? '')) await wait(100)
    await stop()
    assert.ok(isStruck, 'the cohort ended before it was struck')
    const packs = await openPacks(stand.artifacts, cohort)
    const manifests = await packs.manifests()
    await packs.close()
    const prints = specs.map((_, r) => manifests.get(`r${r}.1`)?.fingerprint)
    assert.deepEqual(prints, await alone(specs))
    const names = await namesInPacks(stand.artifacts, cohort)
    assert.equal(names.length, specs.length, 'runs were trained twice')
    for (const digest of digests) {
      assert.deepEqual(printsOf(digest, specs.length), prints)
      assert.ok(digest.runs.every(({ crashes }) => crashes === 0))
    }
  }

  it('whose trainer is killed goes on in its worker with what is in no pack', async () => {
    const supervisor = stand.supervisor()
    await struck('trainer', async () => {
      const [trainer] = childrenOf(supervisor.pid ?? 0)
      process.kill(trainer ?? 0, 'SIGKILL')
    })
    assert.equal(await end(supervisor), 0)
  })

  it('whose worker is killed is taken by the next one, which trains what is in no pack', async () => {
    const first = stand.supervisor()
    let second: ReturnType<Stand['supervisor']> | undefined
    await struck('worker', async () => {
      const gone = once(first, 'exit')
      first.kill('SIGKILL')
      await gone
      second = stand.supervisor()
    })
    assert.equal(second && (await end(second)), 0)
  })

  it('goes on while Redis is killed and comes back', async () => {
    const supervisor = stand.supervisor()
    await struck('redis', async () => void process.kill(stand.redis.pid() ?? 0, 'SIGKILL'))
    assert.equal(await end(supervisor), 0)
  })
})
