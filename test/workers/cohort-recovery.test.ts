import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
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

  /** Strikes once files of 64 runs have been told of, and waits for the cohort's end. */
  async function struck(cohort: string, strike: () => Promise<void>) {
    const specs = [...shortRuns(90), ...shortRuns(6, LONG)]
    const told = new Set<string>()
    let isStruck = false
    const digest = new Promise<CohortDigest>((resolve, reject) => {
      stand.queue.listen({
        started() {},
        lost() {},
        connected() {},
        failed: (_, why) => reject(new Error(why)),
        ended: (ended, all) => ended === cohort && resolve(all),
        progress: (_, { ended = [] }: CohortProgress) => {
          for (const { id } of ended) told.add(id)
          if (isStruck || told.size < 64) return
          isStruck = true
          void strike()
        },
      })
    })
    await stand.queue.add(await cohortOf(cohort, specs))
    const prints = printsOf(await digest, specs.length)
    const names = await namesInPacks(stand.artifacts, cohort)
    assert.deepEqual(prints, await alone(specs))
    assert.deepEqual(
      [names.length, new Set(names).size],
      [specs.length, specs.length],
      'runs were trained twice',
    )
    assert.ok((await digest).runs.every(({ crashes }) => crashes === 0))
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
    await struck('worker', async () => {
      const gone = once(first, 'exit')
      first.kill('SIGKILL')
      await gone
      stand.supervisor()
    })
  })
})
