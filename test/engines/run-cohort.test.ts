import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Progress } from '../../src/experiment/job-view.ts'
import type { Precision } from '../../src/experiment/training-spec.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { stepwise } from '../../workers/engines/stepwise.ts'
import { shortSpec, train, trainMany } from './runs.ts'

it('a run has a row at its start, at its end and in between, as many as asked for', async () => {
  const { measurements, outcome, steps, time, precision } = await train(referenceEngine, shortSpec())
  assert.deepEqual([outcome, steps, precision], ['succeeded', 300, 'float64'])
  assert.equal(measurements.step.length, 12)
  assert.deepEqual([measurements.step[0], measurements.step.at(-1)], [0, 300])
  assert.equal(measurements.time.at(-1), time)
  assert.equal(time, 30) // rate × step
  assert.ok(measurements.amplitudes.every((row) => row.length === 12 && Math.abs(row[0]! - 0.04) < 1e-15))
})

it('a run of no steps is its start', async () => {
  const training = { mode: 'gradient-descent' as const, learningRate: 0.1, steps: 0 }
  const { measurements, steps } = await train(referenceEngine, shortSpec({ training }))
  assert.deepEqual([steps, measurements.step], [0, [0]])
})

it('explicit weights in any basis end where the theory says', async () => {
  const eye = (s: number) => [
    [s, 0],
    [0, s],
  ]
  const spec = shortSpec({
    data: { kind: 'gaussian', lambda: [1, 0.8], rho: [0.9, 0.7] },
    init: { kind: 'explicit', layers: [eye(0.5), eye(0.5)], decoder: eye(0.5) },
    training: { mode: 'flow', time: 400 },
  })
  for (const objective of ['jepa', 'mae'] as const) {
    const { measurements } = await train(referenceEngine, { ...spec, objective })
    for (const [i, row] of measurements.amplitudes.entries()) {
      const wanted = fixedPoint(objective, [0.9, 0.7][i]!, 2)
      assert.ok(
        Math.abs(row.at(-1)! / wanted - 1) < 1e-9,
        `${objective} ${i}: ${row.at(-1)}, theory ${wanted}`,
      )
    }
  }
})

it('the fraction of a flow rises from 0 to 1 and never falls, with an end in sight', async () => {
  const seen: Progress[] = []
  let clock = 0
  await train(referenceEngine, shortSpec({ training: { mode: 'flow', time: 3000 } }), {
    report: (progress) => seen.push(progress),
    now: () => (clock += 100), // each look at the clock is 0.1 s later
  })
  assert.ok(seen.length > 5, `${seen.length} reports`)
  assert.ok(seen.every(({ fraction }, k) => fraction >= (seen[k - 1]?.fraction ?? 0) && fraction <= 1))
  assert.deepEqual([seen[0]!.fraction, seen.at(-1)!.fraction, seen.at(-1)!.etaSeconds], [0, 1, 0])
  assert.ok(seen.every(({ step, steps }) => step <= steps))
})

it('a long run lets the event loop turn, and ends with the reason of its signal', async () => {
  const controller = new AbortController()
  const training = { mode: 'gradient-descent' as const, learningRate: 1e-6, steps: 1e9 }
  const running = train(referenceEngine, shortSpec({ training }), { signal: controller.signal })
  setTimeout(() => controller.abort(), 60)
  await assert.rejects(running, { name: 'AbortError' })
})

it('a run that is aborted before it starts does not start', async () => {
  await assert.rejects(train(referenceEngine, shortSpec(), { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
})

it('an engine that throws gives its memory back and the error comes out', async () => {
  let disposed = 0
  const engine = stepwise(referenceEngine, (plan) => {
    const training = referenceEngine.begin(plan)
    training.advance = () => {
      throw new RangeError('out of memory')
    }
    training.dispose = () => {
      disposed++
    }
    return training
  })
  await assert.rejects(train(engine, shortSpec()), /out of memory/)
  assert.equal(disposed, 1)
})

it('looking at the rows or at the clock more often changes no number of a descent', async () => {
  const few = await train(referenceEngine, shortSpec({ measure: { points: 2 } }))
  const many = await train(referenceEngine, shortSpec({ measure: { points: 300, schedule: 'linear' } }))
  assert.deepEqual(few.measurements.passages, many.measurements.passages)
  assert.deepEqual(few.weights, many.weights)
})

it('in a cohort a run that is cancelled or diverges is nothing to the others', async () => {
  const wild = { mode: 'gradient-descent' as const, learningRate: 40, steps: 2000 }
  const [alone, mae] = [await train(referenceEngine, shortSpec()), { objective: 'mae' as const }]
  const specs = [
    shortSpec(),
    shortSpec({ ...mae, init: { kind: 'balanced', scale: 0.5 }, training: wild }),
    shortSpec(),
    shortSpec(),
  ]
  const signals = specs.map((_, r) => (r === 2 ? AbortSignal.abort() : new AbortController().signal))
  const [first, diverged, cancelled, last] = await trainMany(referenceEngine, specs, signals)
  for (const run of [first, last]) {
    assert.ok(run?.status === 'fulfilled')
    assert.deepEqual(run.value.measurements, alone.measurements)
    assert.deepEqual(run.value.weights, alone.weights)
  }
  assert.ok(diverged?.status === 'fulfilled' && diverged.value.outcome === 'diverged')
  assert.ok(cancelled?.status === 'rejected' && cancelled.reason.name === 'AbortError')
})

it('in a cohort a run that the engine has no precision for fails alone', async () => {
  const { begin } = referenceEngine
  const precision = (asked: Precision) => {
    if (asked === 'float64') throw new RangeError('no float64 here')
    return asked
  }
  const double = {
    mode: 'gradient-descent' as const,
    learningRate: 0.1,
    steps: 3,
    precision: 'float64' as const,
  }
  const specs = [shortSpec({ training: double }), shortSpec()]
  const [refused, trained] = await trainMany(stepwise({ ...referenceEngine, precision }, begin), specs)
  assert.ok(refused?.status === 'rejected' && /no float64/.test(refused.reason.message))
  assert.ok(trained?.status === 'fulfilled' && trained.value.outcome === 'succeeded')
})

it('in a cohort that is trained one after the other a run is cancelled at once while it waits', async () => {
  const endless = { mode: 'gradient-descent' as const, learningRate: 1e-6, steps: 1e9 }
  const aborts = [new AbortController(), new AbortController(), new AbortController()]
  const specs = [shortSpec({ training: endless }), shortSpec(), shortSpec({ training: endless })]
  const ended: number[] = []
  const hear = (run: number) => {
    ended.push(run)
    if (run === 1) aborts[0]?.abort()
    else if (run === 0) aborts[2]?.abort()
  }
  const signals = aborts.map(({ signal }) => signal)
  const settled = trainMany(referenceEngine, specs, signals, hear)
  setTimeout(() => aborts[1]?.abort(), 60)
  assert.ok((await settled).every(({ status }) => status === 'rejected'))
  assert.deepEqual(ended, [1, 0, 2])
})
