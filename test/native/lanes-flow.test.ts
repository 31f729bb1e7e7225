import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readInstallation } from '../../src/experiment/installation.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { type Batch, CODE, MODE, STATUS } from '../../workers/engines/lanes/batch.ts'
import { lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { flowBatch, seenIn } from './flow-batch.ts'
import { aligned, dense, exactTime, LAMBDA, noisy, RHO, sorted } from './flow-cases.ts'

const { lanes, failures } = readInstallation()
const reason = failures.lanes?.fact ?? 'not built'
const names = lanes === null ? [] : lanesHere().filter((name) => name !== 'cuda')

describe('gradient flow on the lanes kernels', {
  skip: lanes === null ? `not here: ${reason}` : false,
}, () => {
  const library = names.length > 0 ? openLanes(names.at(-1)) : null!
  const train = async (batch: Batch): Promise<Batch> => {
    assert.equal(await library.run(batch), CODE.ok)
    return batch
  }

  for (const objective of ['jepa', 'mae'] as const) {
    for (const depth of [1, 2, 3, 4, 8]) {
      it(`${objective} at depth ${depth} passes every rung within 1e-9 of its exact time`, async () => {
        for (const epsilon of [1e-3, 1e-6]) {
          const batch = await train(flowBatch(aligned(objective, depth, epsilon)))
          assert.equal(batch.status[0], STATUS.done)
          const seen = seenIn(batch, 0)
          assert.ok(seen.length > 200, `${seen.length} passages`)
          for (const { feature, level, time } of seen) {
            const end = fixedPoint(objective, RHO[feature]!, depth)
            if (level < epsilon * (1 + 1e-9) || level > 0.95 * end) continue
            const exact = exactTime(objective, depth, epsilon, feature, level / end)
            const gap = Math.abs(time / exact - 1)
            // steps of 1e-9; the first rungs come at a small part of the time in which they add up
            assert.ok(
              gap < 1e-9,
              `ε = ${epsilon}: feature ${feature} passed ${level} at ${time}, exactly ${exact}`,
            )
          }
        }
      })
    }
  }

  it('the last critical time takes 200 times fewer evaluations than descent, at a thousandth of its error', async () => {
    // Descent's critical time is off in proportion to its rate, which stability bounds: measured at ε = 1e-3.
    const last = (batch: Batch, scale: number) => {
      const near = seenIn(batch, 0).filter(
        ({ feature, level }) => feature === 3 && level > 0.05 && level < 0.1,
      )
      const { level, time } = near.at(-1)!
      const exact = exactTime('jepa', 3, scale, 3, level / fixedPoint('jepa', RHO[3]!, 3))
      return { exact, gap: Math.abs(time / exact - 1) }
    }
    const rate = 0.2
    const start = flowBatch(aligned('jepa', 3, 1e-3))
    const end = Math.ceil(start.end[0]! / rate)
    const descent = { ...start, mode: MODE.descent, rate: Float64Array.of(rate), end: Float64Array.of(end) }
    descent.point.set([0, end])
    await train(descent)
    const steps = seenIn(descent, 0).map((seen) => ({ ...seen, time: seen.time * rate }))
    const slow = steps.filter(({ feature, level }) => feature === 3 && level > 0.05 && level < 0.1).at(-1)!
    const exact = exactTime('jepa', 3, 1e-3, 3, slow.level / fixedPoint('jepa', RHO[3]!, 3))
    const error = Math.abs(slow.time - exact) / rate // of the time, for each unit of the rate
    const steepest = Math.max(...LAMBDA.map((l, i) => l * RHO[i]! ** 5))
    for (const epsilon of [1e-3, 1e-4, 1e-5, 1e-6]) {
      const batch = await train(flowBatch(aligned('jepa', 3, epsilon)))
      const found = last(batch, epsilon)
      assert.ok(found.gap < 1e-9, `off by ${found.gap}`)
      const fastest = Math.min((1e-6 * found.exact) / error, 2 / steepest)
      const ratio = found.exact / fastest / Number(batch.evaluations![0])
      assert.ok(ratio > 200, `${ratio} at ε = ${epsilon}`)
    }
  })

  it('where calls are cut changes no bit, nor does the room for passages', async () => {
    for (const flow of [
      aligned('jepa', 3, 1e-3),
      dense('jepa', 2, 0.05, 300, [1]),
      dense('mae', 3, 1e-2, 40, [2]),
      noisy(1e-3, 4e4),
    ]) {
      const whole = await train(flowBatch({ ...flow, points: 9 }))
      const expected = sorted(seenIn(whole, 0))
      for (const [budget, capacity] of [
        [1, 4000],
        [300, 4000],
        [2 ** 50, 1],
      ] as const) {
        const cut = { ...flowBatch({ ...flow, points: 9, capacity }), budget }
        const seen = []
        let calls = 0
        for (; cut.status[0] === STATUS.going; calls++) {
          await train(cut)
          seen.push(...seenIn(cut, 0))
        }
        assert.ok(calls > 3)
        assert.deepEqual(sorted(seen), expected)
        for (const key of [
          'weights',
          'time',
          'step',
          'evaluations',
          'row',
          'rowStep',
          'integrator',
          'above',
          'looked',
        ] as const)
          assert.deepEqual(cut[key], whole[key], `${key} with a budget of ${budget}`)
      }
    }
  })

  it('a run has the same bits alone, among others, on two threads and on every instruction set', async () => {
    const flow = dense('jepa', 3, 1e-3, 5e4, [1, 2, 3, 4, 5])
    const together = await train(flowBatch(flow, 2))
    for (const name of names) {
      const batch = flowBatch(flow)
      assert.equal(await openLanes(name).run(batch), CODE.ok)
      assert.deepEqual(batch.weights, together.weights, name)
      assert.deepEqual(batch.evaluations, together.evaluations, name)
    }
    const size = flow.weights[0]!.length
    for (const [run, weights] of flow.weights.entries()) {
      const alone = await train(flowBatch({ ...flow, weights: [weights] }))
      assert.deepEqual(alone.weights, together.weights.slice(run * size, (run + 1) * size))
      assert.deepEqual(seenIn(alone, 0), seenIn(together, run))
    }
  })

  it('what is exactly zero at an aligned start stays so, idle directions too', async () => {
    for (const objective of ['jepa', 'mae'] as const) {
      const flow = aligned(objective, 3, 1e-3, 6)
      const batch = await train(flowBatch(flow))
      for (const [i, w] of flow.weights[0]!.entries())
        assert.equal(w === 0, batch.weights[i] === 0, `weight ${i}`)
      const narrow = await train(flowBatch(aligned(objective, 3, 1e-3)))
      for (const [k, { time }] of seenIn(batch, 0).entries()) {
        const gap = Math.abs(time / seenIn(narrow, 0)[k]!.time - 1)
        assert.ok(gap < 1e-12, `off by ${gap}`) // rounding
      }
    }
  })

  it('a run that is lost ends where it stands, and the others go on', async () => {
    const flow = dense('jepa', 2, 0.05, 30, [1, 2])
    const batch = flowBatch(flow)
    batch.weights.fill(1e80, 0, flow.weights[0]!.length)
    await train(batch)
    assert.deepEqual([...batch.status], [STATUS.lost, STATUS.done])
    assert.ok(batch.lost[1]! > 1e150 && batch.time![0] === 0)
  })
})
