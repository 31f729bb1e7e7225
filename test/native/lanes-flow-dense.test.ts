import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diagonal } from '../../src/data/linear-algebra.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { DormandPrince } from '../../workers/dynamics/flow.ts'
import { type Batch, CODE, MODE, STATUS } from '../../workers/engines/lanes/batch.ts'
import { lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { layoutOf } from '../../workers/models/parameters.ts'
import { Gradient } from '../../workers/objectives/gradient.ts'
import { Amplitudes } from '../../workers/probes/amplitudes.ts'
import { PassageRecord } from '../../workers/probes/passages.ts'
import { type FlowCase, flowBatch, seenIn } from './flow-batch.ts'
import { dense, LAMBDA, large, noisy, RHO, sorted } from './flow-cases.ts'

const { lanes, failures } = readInstallation()
const reason = failures.lanes?.fact ?? 'not built'
const names = lanes === null ? [] : lanesHere().filter((name) => name !== 'cuda')

describe('gradient flow of dense starts on the lanes kernels', {
  skip: lanes === null ? `not here: ${reason}` : false,
}, () => {
  const library = names.length > 0 ? openLanes(names.at(-1)) : null!
  const train = async (batch: Batch): Promise<Batch> => {
    assert.equal(await library.run(batch), CODE.ok)
    return batch
  }

  it('a dense start crosses its stiff phases in 200 times fewer evaluations than descent needs for 1e-6', async () => {
    const half = (batch: Batch, unit: number) => {
      const seen = seenIn(batch, 0).filter(({ feature, level }) => feature === 3 && level < 0.06)
      return unit * seen.reduce((last, { time }) => Math.max(last, time), 0)
    }
    // Descent's error in flow time goes with its rate and grows as ε falls: what it is at ε = 1e-3 favours descent.
    const start = noisy(1e-3, 4e4)
    const flow = await train(flowBatch(start))
    const rate = 0.1
    const descent = { ...flowBatch(start), mode: MODE.descent, rate: Float64Array.of(rate) }
    descent.end.set([4e4 / rate])
    descent.point.set([0, 4e4 / rate])
    await train(descent)
    const error = Math.abs(half(descent, rate) - half(flow, 1)) / rate
    assert.ok(error > 1, `descent is off by ${error} times its rate`)
    const steepest = Math.max(...LAMBDA.map((l, i) => l * RHO[i]! ** 5))
    for (const [epsilon, end] of [
      [1e-3, 4e4],
      [1e-4, 1.6e6],
      [1e-5, 8e7],
      [1e-6, 4e9],
    ] as const) {
      const batch = await train(flowBatch(noisy(epsilon, end)))
      assert.equal(batch.status[0], STATUS.done)
      const last = half(batch, 1)
      assert.ok(last > 0.2 * end, `last at ${last}`)
      const fastest = Math.min((1e-6 * last) / error, 2 / steepest)
      const ratio = last / fastest / Number(batch.evaluations![0])
      assert.ok(ratio > 200, `${ratio} at ε = ${epsilon}: ${batch.evaluations![0]} evaluations`)
    }
  })

  it('dense random starts agree with Dormand–Prince to 1e-8', async () => {
    for (const flow of [
      dense('jepa', 2, 0.05, 300, [1, 2, 3]),
      dense('jepa', 3, 0.05, 600, [4, 5]),
      noisy(1e-2, 3000),
      dense('jepa', 3, 2e-3, 8000, [9]),
      dense('mae', 1, 1e-3, 20, [6]),
      dense('mae', 4, 0.05, 60, [7, 8]),
    ]) {
      const batch = await train(flowBatch(flow))
      for (const run of flow.weights.keys()) {
        const { amplitudes, passages } = follow(flow, run)
        const rows = batch.row.subarray(run * 9 * 5, (run + 1) * 9 * 5)
        for (const [k, row] of amplitudes.entries()) {
          for (const [i, wanted] of row.entries()) {
            const found = rows[k * 5 + 1 + i]!
            assert.ok(Math.abs(found / wanted - 1) < 1e-8, `row ${k}: ${found}, Dormand–Prince ${wanted}`)
          }
        }
        const seen = seenIn(batch, run)
        assert.equal(seen.length, passages.length)
        for (const [k, { feature, level, time }] of sorted(seen).entries()) {
          const wanted = sorted(passages)[k]!
          assert.deepEqual([feature, level], [wanted.feature, wanted.level])
          assert.ok(
            Math.abs(time / wanted.time - 1) < 1e-7,
            `${level} at ${time}, Dormand–Prince ${wanted.time}`,
          )
        }
      }
    }
  })

  it('a run whose steps fall below what a float64 counts is stuck where it stands', async () => {
    const flow = dense('jepa', 2, 0.5, 30, [1])
    const batch = flowBatch({ ...flow, end: 2e17 })
    batch.time![0] = 1e17 // where a double counts by 16
    await train(batch)
    assert.deepEqual([batch.status[0], batch.time![0], batch.step[0]], [STATUS.stuck, 1e17, 0n])
    assert.deepEqual(batch.weights, flow.weights[0])
  })

  it('a cancel in the middle of a step leaves the run at the step before, and changes no bit of what follows', async () => {
    const flow = large(16, 6000)
    const whole = await train(flowBatch(flow))
    const batch = flowBatch(flow)
    const seen = []
    let cancels = 0
    for (let call = 1; batch.status[0] === STATUS.going; call++) {
      const timer = setTimeout(() => batch.cancel!.fill(1), call < 6 ? 7 * call : 2 ** 30)
      const code = await library.run(batch)
      clearTimeout(timer)
      if (code === CODE.cancelled) cancels++
      batch.cancel!.fill(0)
      seen.push(...seenIn(batch, 0))
    }
    assert.ok(cancels > 0, 'no call was cancelled')
    for (const key of ['weights', 'time', 'step', 'evaluations', 'row', 'integrator'] as const)
      assert.deepEqual(batch[key], whole[key], key)
    assert.deepEqual(sorted(seen), sorted(seenIn(whole, 0)))
  })
})

/** One run by the reference's integrator: amplitudes at the rows, and passages. */
function follow({ objective, depth, lambda, rho, end, weights }: FlowCase, run: number) {
  const d = lambda.length
  const gradient = new Gradient(layoutOf({ objective, depth, features: d, width: d }))
  const moments = { Sxx: diagonal(lambda.map((l, i) => l / rho[i]!)), Syx: diagonal(lambda) }
  const solver = new DormandPrince(weights[run]!, 0.1, (theta, out) => {
    gradient.evaluate(theta, moments, out)
    for (let i = 0; i < out.length; i++) out[i] = -out[i]!
  })
  const reader = new Amplitudes(diagonal(lambda.map(() => 1)), d)
  const read = (theta: Float64Array) => reader.of(gradient.product(theta))
  const record = new PassageRecord(0, read(solver.theta))
  const amplitudes = [Float64Array.from(read(solver.theta))]
  const spare = new Float64Array(solver.theta.length)
  for (let k = 1; k <= 8; k++) {
    while (solver.time < (end * k) / 8) {
      assert.ok(solver.advance((end * k) / 8))
      record.look(solver.time, read(solver.theta), (x) => {
        solver.inside(x, spare)
        return read(spare)
      })
    }
    amplitudes.push(Float64Array.from(read(solver.theta)))
  }
  const passages = record.passages.flatMap(({ time, amplitude }, feature) =>
    time.map((t, k) => ({ feature, level: amplitude[k]!, time: t })),
  )
  return { amplitudes, passages }
}
