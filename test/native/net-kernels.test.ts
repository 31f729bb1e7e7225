import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Installation, readInstallation } from '../../src/experiment/installation.ts'
import { hasKernels } from '../../workers/engines/tensorflow/kernels/available.ts'
import { type Activation, dense } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { fuseUpdates } from '../../workers/engines/tensorflow/kernels/fuse.ts'
import { adamUpdate, sgdUpdate, type WeightAfter } from '../../workers/engines/tensorflow/kernels/update.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { runEagerly } from '../../workers/engines/tensorflow/recorder/eager.ts'
import type { Graph } from '../../workers/engines/tensorflow/recorder/graph.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Variables } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Tensor, Tensors, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'
import { ACTIVATIONS, type Digest, layerAndSlopes, numbers, operands, SHAPES } from './net-kernel-values.ts'

const { kernels, tensorflow }: Installation = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off' && kernels !== null
const needs = { skip: isHere ? false : 'the net kernels are not here' }

const bits = (tensor: Tensor) => Buffer.from(Float32Array.from(tensor.dataSync()).buffer)
const load = async () => (await loadTensorFlow('cpu')).tf

/** The same layer in tfjs's operations. */
function plain(tf: Tfjs, x: Tensor, w: Tensor, b: Tensor, activation: Activation): Tensor {
  const sums = tf.add(tf.matMul(x, w), tf.expandDims(b, 1)) as Tensor
  return activation === 'linear' ? sums : tf[activation](sums)
}

/** The largest difference, as a share of the larger tensor's largest number. */
function apart(tf: Tfjs, one: Tensor, other: Tensor): number {
  assert.deepEqual(one.shape, other.shape)
  const largest = (tensor: Tensor) => tf.max(tf.abs(tensor)).dataSync()[0]!
  return largest(tf.sub(one, other)) / Math.max(1e-30, largest(other))
}

describe('net kernels', needs, () => {
  it('are loaded with TensorFlow where they are built', async () => assert.ok(hasKernels(await load())))

  for (const activation of ACTIVATIONS) {
    it(`a ${activation} layer and its slopes are those of tfjs`, async () => {
      const tf = await load()
      for (const shape of SHAPES) {
        const given = operands(tf, shape)
        const [x, w, b, dy] = given as [Tensor, Tensor, Tensor, Tensor]
        const ours = layerAndSlopes(tf, given, activation)
        const layer = (x: Tensor, w: Tensor, b: Tensor) => plain(tf, x, w, b, activation)
        const theirs = [layer(x, w, b), ...tf.grads(layer as never)([x, w, b], dy)]
        for (const [k, tensor] of ours.entries()) {
          const difference = apart(tf, tensor, theirs[k]!)
          assert.ok(difference < 1e-5, `${['y', 'dx', 'dw', 'db'][k]} of ${shape} is ${difference} apart`)
        }
      }
    })
  }

  it('slopes of tanh are differences of the layer itself', async () => {
    const tf = await load()
    const given = operands(tf, [2, 5, 7, 3]) as [Tensor, Tensor, Tensor, Tensor]
    const dy = given[3].dataSync()
    /** Σ dy · y in float64, of the operands with one number moved. */
    const weighed = (which: number, at: number, by: number) => {
      const moved = given.slice(0, 3).map((tensor, k) => {
        const values = Float32Array.from(tensor.dataSync())
        if (k === which) values[at]! += by
        return tf.tensor(values, tensor.shape)
      })
      const y = dense(tf, moved[0]!, moved[1]!, moved[2]!, 'tanh').dataSync()
      return Array.from(y).reduce((sum, value, k) => sum + value * dy[k]!, 0)
    }
    const [, ...slopes] = layerAndSlopes(tf, given, 'tanh')
    for (const [which, slope] of slopes.entries()) {
      const told = slope.dataSync()
      for (let at = 0; at < told.length; at += 3) {
        const found = (weighed(which, at, 2 ** -6) - weighed(which, at, -(2 ** -6))) / 2 ** -5
        // The cube of the step, and rounding of y over the step.
        assert.ok(Math.abs(found - told[at]!) < 2e-4, `${which}, ${at}: ${told[at]} told, ${found} found`)
      }
    }
  })

  it('a run has the same bits alone and among seven', async () => {
    const tf = await load()
    for (const shape of [
      [7, 33, 70, 40],
      [7, 64, 32, 64],
    ]) {
      const given = operands(tf, shape)
      for (const activation of ACTIVATIONS) {
        const together = layerAndSlopes(tf, given, activation)
        for (const run of [0, 3, 6]) {
          const alone = layerAndSlopes(
            tf,
            given.map((tensor) => tf.slice(tensor, [run], [1])),
            activation,
          )
          for (const [k, tensor] of alone.entries()) {
            assert.deepEqual(
              bits(tensor),
              bits(tf.slice(together[k]!, [run], [1])),
              `${activation} ${k} of ${run}`,
            )
          }
        }
      }
    }
  })

  it('a sum is one chain of fused multiply-adds over rising k', async () => {
    const tf = await load()
    const [x, w, b] = operands(tf, [1, 2, 300, 20]) as [Tensor, Tensor, Tensor]
    const [from, by, bias] = [x.dataSync(), w.dataSync(), b.dataSync()]
    const y = dense(tf, x, w, b).dataSync()
    for (const [i, j] of [
      [0, 0],
      [1, 7],
      [1, 19],
    ] as const) {
      let sum = 0
      // A product of two floats is exact in float64 and the sum of both rounds once more: wrong by double rounding in 1 of 2²⁹.
      for (let k = 0; k < 300; k++) sum = Math.fround(from[i * 300 + k]! * by[k * 20 + j]! + sum)
      assert.equal(y[i * 20 + j], Math.fround(sum + bias[j]!))
    }
  })

  it('all instruction sets have the same bits, and tfjs alone the same numbers', async () => {
    const script = fileURLToPath(import.meta.url).replace('net-kernels.test', 'net-kernel-values')
    const sets = [...kernels!.instructionSets, 'none']
    const digests = await Promise.all(
      sets.map(async (set) => {
        const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, set])
        return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Digest
      }),
    )
    const plain = digests.pop()!
    assert.deepEqual(
      digests.map(({ set }) => set),
      kernels!.instructionSets,
    )
    assert.equal(new Set(digests.map((one) => one.bits)).size, 1, JSON.stringify(digests))
    assert.equal(plain.set, null)
    for (const [k, sum] of plain.sums.entries()) {
      const ours = digests[0]!.sums[k]!
      assert.ok(Math.abs(ours - sum) <= 1e-5 * sum, `result ${k}: ${ours} with the kernels, ${sum} without`)
    }
  })

  it('a NaN passes through every activation and its slopes', async () => {
    const tf = await load()
    for (const activation of ACTIVATIONS) {
      const [x, w, b, dy] = operands(tf, [1, 4, 5, 18]) as [Tensor, Tensor, Tensor, Tensor]
      const values = Float32Array.from(x.dataSync())
      values[7] = Number.NaN
      const [y, dx, dw] = layerAndSlopes(tf, [tf.tensor(values, x.shape), w, b, dy], activation)
      const row = y!.dataSync().subarray(18, 36)
      assert.ok(row.every(Number.isNaN), `${activation} lost a NaN: ${row}`)
      assert.ok(y!.dataSync().subarray(0, 18).every(Number.isFinite))
      assert.ok(
        dw!
          .dataSync()
          .subarray(2 * 18, 3 * 18)
          .some(Number.isNaN),
        `${activation}: dw has none`,
      )
      if (activation === 'tanh') assert.ok(Number.isNaN(dx!.dataSync()[5]))
    }
  })

  it('a bias has its slopes where there are no inputs', async () => {
    const tf = await load()
    const [x, w] = [tf.zeros([2, 3, 0]), tf.zeros([2, 0, 5])] as [Tensor, Tensor]
    const slope = tf.grad((b: Tensor) => tf.sum(dense(tf, x, w, b)))(numbers(tf, [2, 5], 1))
    assert.deepEqual([...slope.dataSync()], Array(10).fill(3))
  })

  it('shapes that do not fit are refused by name', async () => {
    const tf = await load()
    const [x, w, b] = operands(tf, [2, 3, 4, 5]) as [Tensor, Tensor, Tensor]
    assert.throws(() => dense(tf, x, numbers(tf, [2, 5, 4], 1), b), /x \[2\]\[3\]\[4\] and w \[2\]\[5\]\[4\]/)
    assert.throws(() => dense(tf, x, w, numbers(tf, [1, 5], 1)), /w \[2\]\[4\]\[5\] and b \[1\]\[5\]/)
  })
})

describe('updates of weights', needs, () => {
  const given = (tf: Tfjs) => {
    const shape = [3, 17, 9]
    const [weight, gradient, momentum, lost] = [1, 2, 3, 4].map((seed) => numbers(tf, shape, seed))
    const square = tf.square(numbers(tf, shape, 5)) as Tensor
    const corrections = [tf.scalar(1.7), tf.scalar(2.9)] as const
    return { weight: weight!, gradient: gradient!, momentum: momentum!, lost: lost!, square, corrections }
  }
  const same = (tf: Tfjs, found: WeightAfter, expected: Readonly<Record<string, Tensor | null>>) => {
    for (const [name, tensor] of Object.entries(expected)) {
      const ours = found[name as keyof WeightAfter]
      if (tensor === null || ours === null) assert.equal(ours, tensor, name)
      else assert.deepEqual(bits(ours), bits(tensor), `${name}, ${apart(tf, ours, tensor)} apart`)
    }
  }

  it('sgd has the bits of its formulas in tfjs, with momentum, decay and compensation or without', async () => {
    const tf = await load()
    const { weight: w, gradient: g, momentum, lost } = given(tf)
    const rates = tf.tensor([0.1, 0.25, 0.001])
    const rate = tf.reshape(rates, [3, 1, 1])
    for (const [mu, decay, isCompensated] of [
      [0, 0, false],
      [0.9, 0, false],
      [0.9, 0.02, true],
      [0, 0.1, true],
    ] as const) {
      const slope = decay === 0 ? g : tf.add(g, tf.mul(w, decay))
      const m = mu === 0 ? null : tf.add(tf.mul(momentum, mu), slope)
      const move = tf.mul(m ?? slope, tf.neg(rate))
      const whole = isCompensated ? tf.add(move, lost) : move
      const sum = tf.add(w, whole)
      const rest = isCompensated ? tf.sub(whole, tf.sub(sum, w)) : null
      const before = { weight: w, gradient: g, rates, momentum: mu === 0 ? null : momentum }
      const after = sgdUpdate(tf, { momentum: mu, decay }, { ...before, lost: isCompensated ? lost : null })
      same(tf, after, { weight: sum, momentum: m, lost: rest, square: null } as never)
    }
  })

  it('adam and adamw have the bits of their formulas in tfjs', async () => {
    const tf = await load()
    const { weight: w, gradient: g, momentum, square, lost, corrections } = given(tf)
    const rates = tf.tensor([0.1])
    const [beta1, beta2, epsilon, decay] = [0.9, 0.999, 1e-8, 0.03]
    for (const isDecoupled of [false, true]) {
      const slope = isDecoupled ? g : tf.add(g, tf.mul(w, decay))
      const m = tf.add(tf.mul(momentum, beta1), tf.mul(slope, 1 - beta1))
      const v = tf.add(tf.mul(square, beta2), tf.mul(tf.square(slope), 1 - beta2))
      const [first, second] = corrections
      const direction = tf.div(tf.mul(m, first), tf.add(tf.sqrt(tf.mul(v, second)), epsilon))
      const plain = tf.mul(direction, tf.neg(rates))
      const move = isDecoupled ? tf.sub(plain, tf.mul(w, tf.mul(rates, decay))) : plain
      const whole = tf.add(move, lost)
      const sum = tf.add(w, whole)
      const rule = { beta1, beta2, epsilon, decay, isDecoupled }
      const before = { weight: w, gradient: g, rates, momentum, square, lost, corrections }
      const after = adamUpdate(tf, rule, before)
      const rest = tf.sub(whole, tf.sub(sum, w))
      same(tf, after, { weight: sum, momentum: m, square: v, lost: rest } as never)
    }
  })

  it('recorded steps have the bits of eager ones, fused or not, and leave what others hold alone', async () => {
    const tf = await load()
    const [x, w, b, y] = operands(tf, [3, 40, 24, 50]) as [Tensor, Tensor, Tensor, Tensor]
    const start = { w, b, 'm/w': tf.zerosLike(w), 'm/b': tf.zerosLike(b), 'lost/w': tf.zerosLike(w) }
    const inputs = { x, y, rates: tf.tensor([0.1, 0.05, 0.2]) }
    const step = (state: Variables<Tensors>, { x, y, rates }: Tensors) => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.squaredDifference(dense(tf, x!, state.w!, state.b!, 'tanh'), y!)) as never,
        [state.w!, state.b!] as never,
      )
      const of = (name: string, lost: Tensor | null) => ({
        ...{ weight: state[name]!, gradient: grads[state[name]!.name]!, rates: rates! },
        ...{ momentum: state[`m/${name}`]!, lost },
      })
      const rule = { momentum: 0.9, decay: 0.001 }
      const [weights, biases] = [of('w', state['lost/w']!), of('b', null)].map((one) =>
        sgdUpdate(tf, rule, one),
      )
      const slots = { 'm/w': weights!.momentum!, 'm/b': biases!.momentum!, 'lost/w': weights!.lost! }
      return { state: { w: weights!.weight, b: biases!.weight, ...slots }, metrics: { loss: value } }
    }
    const eager = runEagerly(tf, step as never, start, inputs, { steps: 20 })
    for (const [executor, isFused] of [
      ['serial', false],
      ['parallel', false],
      ['serial', true],
      ['parallel', true],
    ] as const) {
      const before = bits(w)
      const rewrite = (graph: Graph) => {
        const next = isFused ? fuseUpdates(graph) : graph
        const names = next.nodes.map(({ name }) => name)
        assert.deepEqual(
          ['JepalabDenseWeightSlopes', 'JepalabDenseSgd'].map((name) => names.includes(name)),
          [!isFused, isFused],
        )
        return next
      }
      const program = record(tf, step as never, start, inputs, { executor, rewrite })
      program.run(7)
      program.run(13)
      const after = program.state() as Tensors
      for (const name of Object.keys(start)) {
        assert.deepEqual(
          bits(after[name]!),
          bits((eager.state as Tensors)[name]!),
          `${name}, ${executor}, fused ${isFused}`,
        )
      }
      assert.deepEqual(bits(w), before, 'the state that was given has changed')
      program.close()
    }
  })

  it('a step whose rate follows from the slopes of its own layer stays apart from them', async () => {
    const tf = await load()
    const [x, w, b] = operands(tf, [2, 6, 4, 3]) as [Tensor, Tensor, Tensor]
    const step = (state: Variables<Tensors>, inputs: Tensors) => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.square(dense(tf, inputs.x!, state.w!, state.b!, 'tanh'))) as never,
        [state.w!, state.b!] as never,
      )
      const [gradient, slope] = [grads[state.w!.name]!, grads[state.b!.name]!]
      const rates = tf.div(0.1, tf.add(tf.sum(tf.square(slope), 1), 1)) as Tensor
      const given = { weight: state.w!, gradient, rates, momentum: null, lost: null }
      const next = sgdUpdate(tf, { momentum: 0, decay: 0 }, given)
      return { state: { w: next.weight, b: tf.sub(state.b!, slope) }, metrics: { loss: value } }
    }
    const program = record(tf, step as never, { w, b }, { x }, { rewrite: fuseUpdates })
    program.run(5)
    const eager = runEagerly(tf, step as never, { w, b }, { x }, { steps: 5 })
    assert.deepEqual(bits((program.state() as Tensors).w!), bits((eager.state as Tensors).w!))
    program.close()
  })

  it('of two layers whose rates follow from the slopes of each other one takes its slopes in', async () => {
    const tf = await load()
    const [x, w, b] = operands(tf, [2, 6, 4, 4]) as [Tensor, Tensor, Tensor]
    const start = { w0: w, b0: b, w1: tf.mul(w, 0.5), b1: b }
    const step = (state: Variables<Tensors>, inputs: Tensors) => {
      const { value, grads } = tf.variableGrads(() => {
        const made = [0, 1].map((k) => dense(tf, inputs.x!, state[`w${k}`]!, state[`b${k}`]!, 'tanh'))
        return tf.mean(tf.square(tf.add(made[0]!, made[1]!))) as never
      }, Object.values(state) as never)
      const next = [0, 1].map((k) => {
        const [weight, slope] = [state[`w${k}`]!, grads[state[`b${1 - k}`]!.name]!]
        const rates = tf.div(0.1, tf.add(tf.sum(tf.square(slope), 1), 1)) as Tensor
        const given = { weight, gradient: grads[weight.name]!, rates, momentum: null, lost: null }
        return [`w${k}`, sgdUpdate(tf, { momentum: 0, decay: 0 }, given).weight]
      })
      return { state: { ...state, ...Object.fromEntries(next) }, metrics: { loss: value } }
    }
    const counts: number[] = []
    const rewrite = (graph: Graph) => {
      const next = fuseUpdates(graph)
      counts.push(next.nodes.filter(({ name }) => name === 'JepalabDenseSgd').length)
      return next
    }
    const program = record(tf, step as never, start, { x }, { rewrite, stepsAtOnce: () => 2 })
    assert.deepEqual(counts, [1, 2])
    program.run(5)
    const eager = runEagerly(tf, step as never, start, { x }, { steps: 5 })
    const after = program.state() as Tensors
    for (const name of Object.keys(start))
      assert.deepEqual(bits(after[name]!), bits((eager.state as Tensors)[name]!), name)
    program.close()
  })
})
