import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import type { Progress } from '../../src/experiment/job-view.ts'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { fingerprints, lanesSkip } from './lanes.ts'
import { descent, goldenCases, type MatrixCase, matrixPlan } from './plans.ts'
import { shortSpec, train, trainMany } from './runs.ts'

const FOREVER = 1e9 // steps: minutes
const common = { mode: 'gradient-descent' as const, learningRate: 0.05 }

describe('runs together on lanes', { skip: lanesSkip }, () => {
  if (lanesSkip) return
  const engine = openLanesEngine()

  it('a run that diverges ends with the sentence of the other engines, and its neighbours as if alone', async () => {
    const wild = {
      training: { ...common, learningRate: 40, steps: 2000 },
      init: { kind: 'balanced' as const, scale: 0.5 },
    }
    for (const precision of ['float64', 'compensated', 'float32', 'int8x3'] as const) {
      const specs = [0, 1, 2, 3].map((r): ExperimentSpec => {
        const spec = shortSpec({ objective: 'mae', seed: r, init: { kind: 'gaussian', scale: 0.2 } })
        const asked = r === 2 ? { ...spec, ...wild } : spec
        return { ...asked, training: { ...asked.training, precision } as ExperimentSpec['training'] }
      })
      const healthy = specs.filter((_, r) => r !== 2)
      const [zero, one, lost, three] = await trainMany(engine, specs)
      assert.ok(lost?.status === 'fulfilled')
      assert.equal(lost.value.outcome, 'diverged')
      assert.match(
        lost.value.message ?? '',
        /^The (loss|amplitude of feature \d) was .* at step \d+ \(time .*\), so the run was stopped there\. Lower the learning rate/,
      )
      const { loss, amplitudes } = lost.value.measurements
      assert.ok(loss.length >= 1 && [loss, ...amplitudes].flat().every(Number.isFinite))
      const found = [zero, one, three].map((each) => {
        assert.ok(each?.status === 'fulfilled' && each.value.outcome === 'succeeded')
        return fingerprintOf(each.value.measurements, each.value.weights)
      })
      assert.deepEqual(found, await fingerprints(engine, healthy))
    }
  })

  it('a run that is cancelled in the middle of a call ends within half a second, the others as if alone', async () => {
    const steps = [3e5, FOREVER, 6e5, FOREVER]
    const specs = steps.map((count, seed) =>
      shortSpec({ seed, training: { ...common, steps: count }, init: { kind: 'gaussian', scale: 0.3 } }),
    )
    const controllers = specs.map(() => new AbortController())
    const [first, early, second, late] = controllers.map(({ signal }) => signal)
    const aborted: number[] = []
    for (const [signal, ms] of [
      [1, 130],
      [3, 333],
    ] as const) {
      setTimeout(() => {
        aborted[signal] = performance.now()
        controllers[signal]!.abort()
      }, ms)
    }
    const waited: number[] = []
    const runs = await trainMany(engine, specs, [first!, early!, second!, late!], (r) => {
      waited[r] = performance.now() - (aborted[r] ?? Number.NaN)
    })
    for (const r of [1, 3]) {
      assert.ok(waited[r]! < 500, `run ${r} ended ${waited[r]} ms after its cancel`)
      const run = runs[r]
      assert.ok(run?.status === 'rejected' && run.reason.name === 'AbortError')
    }
    const alone = await fingerprints(engine, [specs[0]!, specs[2]!])
    const found = [runs[0], runs[2]].map((run) => {
      assert.ok(run?.status === 'fulfilled')
      return fingerprintOf(run.value.measurements, run.value.weights)
    })
    assert.deepEqual(found, alone)
  })

  it('progress is told from the start to the end, in steps of half a second', async () => {
    const seen: Progress[] = []
    const times: number[] = []
    const steps = 6e6
    await train(engine, shortSpec({ training: { ...common, steps } }), {
      report: (progress) => {
        seen.push(progress)
        times.push(performance.now())
      },
    })
    assert.ok(seen.length >= 2, `${seen.length} reports`)
    assert.deepEqual([seen[0]!.step, seen.at(-1)!.step, seen.at(-1)!.fraction], [0, steps, 1])
    const longest = Math.max(...times.slice(1).map((time, k) => time - times[k]!))
    assert.ok(longest < 1500, `${longest} ms passed between two reports`)
  })

  it('a run with a weight that is no number fails alone', async () => {
    const plan = matrixPlan(goldenCases<MatrixCase>('matrix_gd')[0]!, descent(0.1, 5))
    const { rows, cols, data } = plan.initial.decoder
    const broken = {
      ...plan,
      initial: { ...plan.initial, decoder: { rows, cols, data: data.map(() => Number.NaN) } },
    }
    const { signal } = new AbortController()
    const hands = { signal, report() {}, now: () => performance.now() }
    const [bad, good] = await Promise.allSettled(
      engine.train([
        { plan: broken, ...hands },
        { plan, ...hands },
      ]),
    )
    assert.ok(bad?.status === 'rejected' && /not finite/.test(bad.reason.message))
    assert.ok(good?.status === 'fulfilled' && good.value.step === 5)
  })

  it('a plan whose matrices do not fit its shape fails alone', async () => {
    const plan = matrixPlan(goldenCases<MatrixCase>('matrix_gd')[0]!, descent(0.1, 5))
    const broken = { ...plan, initial: { ...plan.initial, decoder: fromRows([[1]]) } }
    const { signal } = new AbortController()
    const hands = { signal, report() {}, now: () => performance.now() }
    const [bad, good] = await Promise.allSettled(
      engine.train([
        { plan: broken, ...hands },
        { plan, ...hands },
      ]),
    )
    assert.ok(bad?.status === 'rejected')
    assert.ok(good?.status === 'fulfilled' && good.value.step === 5)
  })
})
