import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readInstallation } from '../../src/experiment/installation.ts'
import { dense } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { fused } from '../../workers/engines/tensorflow/kernels/join.ts'
import { squareSums } from '../../workers/engines/tensorflow/kernels/squares.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { ATTRIBUTE, backendOf } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { runEagerly } from '../../workers/engines/tensorflow/recorder/eager.ts'
import type { Graph } from '../../workers/engines/tensorflow/recorder/graph.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensor, Tensors, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'
import { numbers } from './net-kernel-values.ts'
import { type Net, netOf, small } from './net-program-values.ts'

const { kernels, tensorflow } = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off' && kernels !== null
const needs = { skip: isHere ? false : 'the net kernels are not here' }
const load = async () => (await loadTensorFlow('cpu')).tf
const bits = (tensor: Tensor) => Buffer.from(Float32Array.from(tensor.dataSync()).buffer)

/** Trains eagerly and recorded, joined, and holds all bits together. @returns names of the operations of the joined graph of three steps */
function assertSame(tf: Tfjs, net: Net): string[] {
  const { state, inputs, step } = netOf(tf, net)
  const eager = runEagerly(tf, step, state, inputs, { steps: 7 })
  let names: string[] = []
  for (const [executor, atOnce] of [
    ['serial', 1],
    ['parallel', 1],
    ['serial', 3], // two passes, and a step that is left over
  ] as const) {
    const before = bits(state.w0!)
    const rewrite = (graph: Graph) => {
      const next = fused(graph)
      names = next.nodes.map(({ name }) => name)
      return next
    }
    const program = record(tf, step, state, inputs, { executor, rewrite, stepsAtOnce: () => atOnce })
    const { loss } = program.run(7)
    assert.deepEqual(
      Buffer.from(loss!.buffer),
      Buffer.from((eager.metrics.loss as Float32Array).buffer),
      'the losses',
    )
    const after = program.state() as Tensors
    for (const name of Object.keys(state))
      assert.deepEqual(
        bits(after[name]!),
        bits((eager.state as Tensors)[name]!),
        `${name}, ${executor}, ${atOnce} at once`,
      )
    assert.deepEqual(bits(state.w0!), before, 'the state that was given has changed')
    program.close()
  }
  return names
}

describe('programs of several operations', needs, () => {
  const nets: readonly (readonly [string, Net])[] = [
    ['one run', small],
    ['one run of wide layers', { ...small, sizes: [100, 130, 70, 33], batch: 100, activation: 'relu' }],
    [
      'three runs that threads share unevenly',
      { ...small, runs: 3, sizes: [33, 64, 65, 40], batch: 64, rule: 'compensated' },
    ],
    [
      'more runs than pieces',
      { ...small, runs: 29, activation: 'relu', target: 'itself', rule: 'compensated' },
    ],
    ['many runs', { ...small, runs: 64, sizes: [32, 64, 64, 32], batch: 64, activation: 'relu' }],
    ['plain descent', { ...small, runs: 2, rule: 'sgd', target: 'itself' }],
    ['Adam', { ...small, runs: 5, rule: 'adam', target: 'itself' }],
    ['a target that follows', { ...small, runs: 4, target: 'ema' }],
  ]
  for (const [title, net] of nets) {
    it(`${title}: a step is one operation and has the bits of the eager one`, async () => {
      const names = assertSame(await load(), net)
      assert.equal(names.filter((name) => name === 'JepalabRuns').length, 1)
      const others = names.filter((name) => name.startsWith('Jepalab') && name !== 'JepalabRuns')
      assert.deepEqual([others, names.filter((name) => name === 'GatherV2')], [[], []])
    })
  }

  it('what a program cannot hold stays between its parts, with the same bits', async () => {
    const tf = await load()
    const names = assertSame(tf, { ...small, runs: 3, between: (tf, h) => tf.softplus(h) as Tensor })
    for (const name of ['JepalabDense', 'Softplus', 'JepalabRuns'])
      assert.ok(names.includes(name), names.join(' '))
  })

  it('all instruction sets train joined nets to the same bits', async () => {
    const script = fileURLToPath(import.meta.url).replace('net-programs.test', 'net-program-values')
    const ends = await Promise.all(
      kernels!.instructionSets.map(async (set) => {
        const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, set])
        return stdout.trimEnd().split('\n').at(-1)!
      }),
    )
    assert.match(ends[0]!, /^[0-9a-f]{64}$/)
    assert.deepEqual(new Set(ends), new Set([ends[0]]))
  })

  it('the sum of squares of a run is its own, and that of tfjs', async () => {
    const tf = await load()
    for (const shape of [
      [5, 3, 67],
      [2, 1],
      [1, 64, 2],
      [3, 0],
    ]) {
      const x = numbers(tf, shape, 9)
      const sums = squareSums(tf, x).dataSync()
      const theirs = tf.sum(tf.reshape(tf.square(x), [shape[0]!, -1]), 1).dataSync()
      for (const [r, sum] of sums.entries()) {
        assert.ok(
          Math.abs(sum - theirs[r]!) <= 1e-6 * theirs[r]!,
          `${shape}, ${r}: ${sum}, ${theirs[r]} by tfjs`,
        )
        assert.equal(squareSums(tf, tf.slice(x, [r], [1])).dataSync()[0], sum)
      }
    }
  })

  const call = (
    tf: Tfjs,
    lines: readonly string[],
    given: readonly Tensor[],
    places: readonly Tensor[] = [],
  ) => {
    const attributes = [
      { name: 'inputs', type: ATTRIBUTE.int, value: given.length },
      { name: 'wholes', type: ATTRIBUTE.int, value: places.length },
      { name: 'results', type: ATTRIBUTE.int, value: 1 },
      { name: 'program', type: ATTRIBUTE.string, value: lines.join('\n') },
    ]
    return backendOf(tf).executeMultipleOutputs('JepalabRuns', attributes, [...given, ...places], 1)[0]!
  }

  it('a batch that is not there is refused', async () => {
    const tf = await load()
    const all = numbers(tf, [3, 2, 4, 5], 1)
    const lines = ['runs 2', 'pick 0 0 2 4 5', 'squares 0 > o0']
    const second = call(tf, lines, [all], [tf.scalar(1, 'int32')])
    assert.deepEqual(bits(second), bits(squareSums(tf, tf.gather(all, 1))))
    for (const at of [-1, 3])
      assert.throws(() => call(tf, lines, [all], [tf.scalar(at, 'int32')]), new RegExp(`number ${at} of`))
  })

  it('a program that does not fit its tensors or itself is refused', async () => {
    const tf = await load()
    const [x, w] = [numbers(tf, [2, 4, 5], 1), numbers(tf, [2, 5, 3], 2)] as const
    const head = ['runs 2', 'in 0 2 4 5', 'in 1 2 5 3']
    assert.deepEqual(
      bits(call(tf, [...head, 'dense relu 0 1 - > o0'], [x, w])),
      bits(dense(tf, x, w, null, 'relu')),
    )
    for (const line of [
      'dense relu 1 0 - > o0',
      'dense relu 0 1 0 > o0',
      'dense relu 0 7 - > o0',
      'dense relu 0 1 - > o1',
      'dense relu 0 1 - > o0\nscale 2 2 > o0\nadd 2 3 > s', // value 2 has gone
      'dense relu 0 1 - > o0\ndense relu 2 1 - > o0', // of another shape
      'dense relu 0 1 - > -',
      'invert 0 > o0',
      'add 0 1 > o0',
      'in 2 3',
    ])
      assert.throws(() => call(tf, [...head, line], [x, w]), /its program has/, line)
    assert.throws(() => call(tf, [...head, 'dense relu 0 1 - > o0'], [x, x]), /input 1 is \[2\]\[4\]\[5\]/)
  })
})
