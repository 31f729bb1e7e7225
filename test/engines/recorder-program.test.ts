import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Backend, Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { chunked } from '../../workers/engines/tensorflow/recorder/chunked.ts'
import type { Moment } from '../../workers/engines/tensorflow/recorder/moment.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import { needsTensorFlow, normal, tensors } from './recorded.ts'

describe('a recorded program', needsTensorFlow, () => {
  let tf: Tfjs
  before(async () => {
    tf = await tensors()
  })

  /** z ← z + x, and what z was. */
  const add = (s: { z: Tensor }, i: { x: Tensor }) => ({
    state: { z: tf.add(s.z, i.x) },
    metrics: { was: s.z },
  })

  function adder(options = {}) {
    const [state, inputs] = [{ z: tf.tensor1d([0, 10]) }, { x: tf.tensor1d([1, 2]) }]
    const program = record(tf, add, state, inputs, { executor: 'serial', ...options })
    tf.dispose([state, inputs])
    return program
  }

  function read(tensor: Tensor): number[] {
    const numbers = [...tensor.dataSync()]
    tensor.dispose()
    return numbers
  }

  it('counts its steps and keeps its state between calls', () => {
    const program = adder()
    assert.deepEqual([...program.run(2).was], [0, 10, 1, 12])
    assert.deepEqual([...program.run(1).was], [2, 14])
    assert.equal(program.step, 3)
    assert.deepEqual(read(program.state().z), [3, 16])
    program.close()
  })

  it('gives the same metrics for a run that needs several calls', () => {
    const program = adder()
    const { was } = program.run(1000)
    assert.equal(was.length, 2000)
    for (let k = 0; k < 1000; k++) assert.deepEqual([was[2 * k], was[2 * k + 1]], [k, 10 + 2 * k])
    program.close()
  })

  it('takes several steps at once where there are so many left', () => {
    /** A state that goes around, one that stays, metrics of several shapes and the step's number. */
    const step = (s: Tensors, i: Tensors, { step: now }: Moment) => ({
      state: { a: s.b!, b: tf.add(s.a!, i.x!), fixed: s.fixed! },
      metrics: { number: now, both: tf.stack([s.a!, s.b!]), fixed: s.fixed! },
    })
    const state: Tensors = { a: tf.tensor1d([0, 10]), b: tf.tensor1d([5, 6]), fixed: tf.scalar(3) }
    const inputs: Tensors = { x: tf.tensor1d([1, 2]) }
    const recorded = (steps: number) =>
      record(tf, step, state, inputs, { executor: 'serial', stepsAtOnce: () => steps })
    const [plain, several] = [recorded(1), recorded(4)]
    for (const steps of [1, 4, 3, 11, 1000]) {
      assert.deepEqual(several.run(steps), plain.run(steps), `${steps} steps`)
      assert.equal(several.step, plain.step)
    }
    const [theirs, ours] = [plain.state() as Tensors, several.state() as Tensors]
    for (const name of Object.keys(state)) assert.deepEqual(read(ours[name]!), read(theirs[name]!), name)
    several.restore({}, 2 ** 31 - 8)
    assert.deepEqual(
      [...several.run(7).number!],
      [8, 7, 6, 5, 4, 3, 2].map((left) => Math.fround(2 ** 31 - left)),
    )
    for (const program of [plain, several]) program.close()
    tf.dispose([state, inputs])
  })

  it('goes on from a state and a step that it is given', () => {
    const program = adder()
    program.run(5)
    const [saved, step] = [program.state(), program.step]
    program.run(7)
    program.restore(saved, step)
    assert.deepEqual([...program.run(1).was], [5, 20])
    assert.equal(program.step, 6)
    tf.dispose(saved)
    program.close()
  })

  it('takes other inputs of the same shape, and refuses others by name', () => {
    const program = adder()
    const other = tf.tensor1d([100, 200])
    program.feed({ x: other })
    other.dispose()
    program.run(1)
    assert.deepEqual(read(program.state().z), [100, 210])
    const wrong = tf.tensor1d([1, 2, 3])
    assert.throws(() => program.feed({ x: wrong }), /inputs\.x has shape \[3\]; \[2\] was recorded/)
    assert.throws(() => program.feed({ y: wrong } as never), /inputs\.y was not recorded/)
    assert.throws(() => program.restore({ z: wrong }, 0), /state\.z has shape/)
    assert.throws(() => program.restore({}, -1), /-1 is no step/)
    wrong.dispose()
    program.close()
  })

  it('refuses steps that are none', () => {
    const program = adder()
    for (const steps of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      assert.throws(() => program.run(steps), RangeError)
    }
    program.close()
  })

  it('is closed once, and says so', () => {
    const program = adder()
    program.close()
    program.close()
    assert.throws(() => program.run(1), /closed/)
    assert.throws(() => program.state(), /closed/)
  })

  it('keeps its own state where two slots begin as one tensor', () => {
    const start = tf.tensor1d([1, 2])
    const step = (s: Tensors) => ({ state: { a: tf.mul(s.a!, 2), b: tf.mul(s.b!, 3) } })
    const program = record(tf, step, { a: start, b: start }, {}, { executor: 'serial' })
    program.run(2)
    const { a, b } = program.state()
    assert.deepEqual(
      [read(a), read(b), read(start)],
      [
        [4, 8],
        [9, 18],
        [1, 2],
      ],
    )
    program.close()
  })

  it('takes constants of any size where all their numbers are the same', () => {
    const step = (s: { z: Tensor }) => ({
      state: { z: tf.add(s.z, tf.mean(tf.mul(tf.ones([2048, 1024]), tf.fill([2048, 1024], 3)))) },
      metrics: { int: tf.sum(tf.fill([3], -2, 'int32')), bool: tf.fill([2], 1, 'bool'), zero: tf.zeros([2]) },
    })
    const program = record(tf, step, { z: tf.scalar(0) }, {}, { executor: 'serial' })
    const { int, bool, zero } = program.run(2)
    assert.deepEqual([...int, ...bool, ...zero], [-6, -6, 1, 1, 1, 1, 0, 0, 0, 0])
    assert.deepEqual(read(program.state().z), [6])
    program.close()
  })

  it('frees what a step keeps', () => {
    const before = tf.memory().numTensors
    const state = { w: tf.ones([2, 2]) }
    const step = (s: { w: Tensor }) => {
      let mean: Tensor | undefined
      const slope = tf.grad((w: Tensor) => {
        mean = tf.keep(tf.mean(w))
        return tf.square(mean)
      })(s.w)
      return { state: { w: tf.sub(s.w, slope) }, metrics: { mean: mean! } }
    }
    const program = record(tf, step, state, {}, { executor: 'serial' })
    assert.deepEqual([...program.run(2).mean], [1, 0.5])
    program.close()
    tf.dispose(state)
    assert.equal(tf.memory().numTensors, before)
  })

  it('runs beside another one of the same step', () => {
    const [one, two] = [adder(), adder()]
    one.run(3)
    two.run(1)
    one.close()
    assert.deepEqual(read(two.state().z), [1, 12])
    two.run(1)
    assert.deepEqual(read(two.state().z), [2, 14])
    two.close()
  })

  it('needs neither inputs nor metrics', () => {
    const step = (s: Tensors) => ({ state: { z: tf.add(s.z!, 1) } })
    const program = record(tf, step, { z: tf.scalar(0) }, {})
    assert.deepEqual(program.run(10_000), {})
    assert.deepEqual(read(program.state().z), [10_000])
    program.close()
  })

  it('knows the step by number in whatever call', () => {
    const step = (_: Tensors, __: Tensors, now: Moment) => ({ state: {}, metrics: { n: now.step } })
    const program = record(tf, step, {}, {}, { executor: 'serial' })
    const seen = [...program.run(2).n, ...program.run(3).n]
    assert.deepEqual(seen, [0, 1, 2, 3, 4])
    program.close()
  })

  const ways = [{ executor: 'serial' }, { executor: 'parallel' }, { form: 'lowered' }] as const
  for (const way of ways)
    it(`survives an error with its state, and leaks nothing (${Object.values(way)})`, () => {
      const { binding } = tf.backend() as unknown as Backend
      const made = () => [tf.memory().numTensors, binding.getNumOfTensors()]
      const start = made()
      const rows = tf.tidy(() => tf.add(tf.range(0, 5), 0))
      const state = { at: tf.scalar(0, 'int32') }
      const step = (s: { at: Tensor }, i: { rows: Tensor }) => ({
        state: { at: tf.add(s.at, tf.scalar(1, 'int32')) },
        metrics: { row: tf.gather(i.rows, s.at as never) },
      })
      const program = record(tf, step, state, { rows }, way)
      tf.dispose(state)
      assert.deepEqual([...program.run(3).row], [0, 1, 2])
      const before = made()
      for (let k = 0; k < 20; k++) assert.throws(() => program.run(10), /not in \[0, 5\)/)
      assert.deepEqual(made(), before)
      assert.equal(program.step, 3)
      assert.deepEqual([...program.run(2).row], [3, 4])
      program.close()
      rows.dispose()
      assert.deepEqual(made(), start)
    })

  it('is not made where its first step fails, and leaves nothing', () => {
    const { binding } = tf.backend() as unknown as Backend
    const [state, inputs] = [{ at: tf.scalar(7, 'int32') }, { rows: tf.range(0, 5) }]
    tf.tidy(() => tf.add(state.at, tf.cast(inputs.rows, 'int32')))
    const before = [tf.memory().numTensors, binding.getNumOfTensors()]
    const step = (s: { at: Tensor }, i: { rows: Tensor }) => ({
      state: { at: s.at },
      metrics: { row: tf.gather(i.rows, s.at as never) },
    })
    assert.throws(() => record(tf, step, state, inputs), /not in \[0, 5\)/)
    assert.deepEqual([tf.memory().numTensors, binding.getNumOfTensors()], before)
    tf.dispose([state, inputs])
  })

  it('has the same bits whichever executor runs it, and however it is cut', () => {
    const state = { w: normal(tf, [20, 20], 1, 0.2) }
    const inputs = { x: normal(tf, [30, 20], 2) }
    const step = (s: { w: Tensor }, i: { x: Tensor }, now: Moment) => ({
      state: {
        w: tf.add(tf.mul(s.w, 0.99), tf.mul(tf.matMul(i.x, tf.tanh(tf.matMul(i.x, s.w)), true), 1e-3)),
      },
      metrics: { draw: now.normal([3]) },
    })
    const ends = (['serial', 'parallel'] as const).flatMap((executor) =>
      [[60], [1, 20, 39]].map((cuts) => {
        const program = record(tf, step, state, inputs, { executor })
        const draws = cuts.flatMap((steps) => [...program.run(steps).draw])
        const end = [...read(program.state().w), ...draws]
        program.close()
        return end
      }),
    )
    for (const end of ends) assert.deepEqual(end, ends[0])
    tf.dispose([state, inputs])
  })

  it('comes in chunks of about the time that is asked for', async () => {
    const state = { w: normal(tf, [64, 64], 1, 0.1) }
    const step = (s: { w: Tensor }) => ({
      state: { w: tf.tanh(tf.matMul(s.w, s.w)) },
      metrics: { n: tf.norm(s.w) },
    })
    const program = record(tf, step, state, {})
    const chunks = []
    for await (const chunk of chunked(program, { steps: 3000, chunkMs: 20 })) chunks.push(chunk)
    assert.equal(program.step, 3000)
    assert.ok(chunks.length > 3, `${chunks.length} chunks`)
    assert.equal(
      chunks.reduce((sum, { steps }) => sum + steps, 0),
      3000,
    )
    for (const { steps, metrics } of chunks) assert.equal(metrics.n.length, steps)
    const longest = Math.max(...chunks.map(({ ms }) => ms))
    assert.ok(longest < 2000, `a chunk of 20 ms took ${longest} ms`)
    tf.dispose(state)
    program.close()
  })

  it('stops between two chunks when it is cancelled, and can go on', async () => {
    const program = adder()
    const stop = new AbortController()
    const run = async () => {
      for await (const { first } of chunked(program, { steps: 1e9, chunkMs: 5, signal: stop.signal })) {
        if (first > 100) stop.abort(new Error('enough'))
      }
    }
    await assert.rejects(run, /enough/)
    const at = program.step
    assert.ok(at > 100 && at < 1e9)
    assert.deepEqual([...program.run(1).was], [at, 10 + 2 * at])
    program.close()
  })
})
