import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openProblem } from '../../src/data/open-problem.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { trainCohort } from '../../workers/run-cohort.ts'
import { lanesSkip } from './lanes.ts'
import { shortSpec } from './runs.ts'

const MANY = 60

it('what has ended is let go of while other runs of its cohort are trained on', {
  skip: lanesSkip,
}, async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const abort = new AbortController()
  const members = Array.from({ length: MANY }, async (_, r) => {
    const steps = r === 0 ? 1e9 : 100
    const training = { mode: 'gradient-descent', learningRate: 1e-6, steps } as const
    const asked = shortSpec({ seed: r, training, init: { kind: 'gaussian', scale: 0.1 } })
    const problem = await openProblem(asked.data)
    const signal = r === 0 ? abort.signal : new AbortController().signal
    return { spec: resolveSpec(asked, problem.features), problem, signal, report() {} }
  })
  const [endless, ...short] = trainCohort(openLanesEngine(), await Promise.all(members))
  const kept: WeakRef<object>[] = []
  for (const ended of short.splice(0)) kept.push(new WeakRef((await ended).measurements))
  let left = MANY
  for (let look = 0; look < 20 && left > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
    left = kept.filter((ref) => ref.deref() !== undefined).length
  }
  abort.abort()
  await assert.rejects(endless as Promise<unknown>, { name: 'AbortError' })
  assert.ok(left <= 1, `${left} of ${MANY - 1} ended runs were still held`) // the loop above may hold its last
})
