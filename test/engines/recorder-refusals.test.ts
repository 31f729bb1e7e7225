import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Backend, Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Moment } from '../../workers/engines/tensorflow/recorder/moment.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import { RecordingRefused } from '../../workers/engines/tensorflow/recorder/refusal.ts'
import type { Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

type Body = (state: Tensors, inputs: Tensors, now: Moment) => unknown

describe('a step is refused', needsTensorFlow, () => {
  let tf: Tfjs
  let numbers = 0
  before(async () => {
    tf = await tensors()
  })

  /** The refusal of a step on state.w [3] and inputs.x [3], which must leave no tensor behind. */
  function refusal(body: Body, clean = () => {}): RecordingRefused {
    const { binding } = tf.backend() as unknown as Backend
    const [state, inputs] = [{ w: tf.tensor1d([1, 2, 3]) }, { x: tf.tensor1d([4, 5, 6]) }]
    state.w.add(inputs.x).dispose() // uploads both
    const before = [tf.memory().numTensors, binding.getNumOfTensors()]
    let refused: unknown
    try {
      record(tf, body as never, state, inputs).close()
    } catch (error) {
      refused = error
    }
    clean()
    assert.deepEqual([tf.memory().numTensors, binding.getNumOfTensors()], before, 'tensors were left')
    tf.dispose([state, inputs])
    assert.ok(refused instanceof RecordingRefused, `not refused, but ${String(refused)}`)
    return refused
  }

  /** Holds a refusal to its reason and, where it has one, to its place in this file. */
  function assertRefused(body: Body, reason: RegExp, operation = ''): void {
    const error = refusal(body)
    assert.match(error.message, reason)
    assert.equal(error.operation, operation)
    assert.match(error.place, /recorder-refusals\.test\.[tj]s:\d+:\d+$/)
    assert.ok(error.message.includes(error.place))
  }

  it('where a value is read', () => {
    assertRefused(({ w }) => {
      const scale = w!.dataSync()[0]!
      return { state: { w: tf.mul(w!, scale) } }
    }, /a value is read into JavaScript.*tf\.where/)
  })

  it('where a value of an input is read', () => {
    assertRefused(({ w }, { x }) => ({ state: { w: tf.mul(w!, x!.arraySync() as number[]) } }), /is read/)
  })

  it('where a value from outside is read', () => {
    const outside = tf.tidy(() => tf.add(tf.scalar(1), 1))
    assertRefused(({ w }) => ({ state: { w: tf.mul(w!, outside.dataSync()[0]!) } }), /from outside is read/)
    outside.dispose()
  })

  it('that is async', () => {
    const error = refusal(async ({ w }) => ({ state: { w } }))
    assert.match(error.message, /the step is async/)
  })

  it('that awaits a value', () => {
    const error = refusal(async ({ w }) => ({ state: { w: tf.mul(w!, (await w!.data())[0]!) } }))
    assert.match(error.message, /the step is async/)
  })

  it('that uses a tensor from outside', () => {
    const outside = tf.tidy(() => tf.add(tf.tensor1d([1, 2, 3]), 1))
    const body: Body = ({ w }) => ({ state: { w: tf.add(w!, outside) } })
    assertRefused(body, /a tensor from outside of the step is used; give it as state/, 'Add')
    outside.dispose()
  })

  it('that uses a tensor from outside which nothing had used before', () => {
    const outside = tf.tensor1d([1, 2, 3])
    assertRefused(({ w }) => ({ state: { w: tf.add(w!, outside) } }), /a tensor of shape \[3\] from outside/)
    outside.dispose()
  })

  it('that uses a variable from outside', () => {
    const outside = tf.variable(tf.tensor1d([1, 2, 3]))
    assertRefused(({ w }) => ({ state: { w: tf.add(w!, outside) } }), /from outside of the step/)
    outside.dispose()
  })

  it('that uses an optimizer object', () => {
    let optimizer: ReturnType<Tfjs['train']['sgd']> | undefined
    const body: Body = (state) => {
      const loss = () => tf.sum(tf.square(state.w!)) as never
      const { grads } = tf.variableGrads(loss, [state.w as never])
      optimizer ??= tf.train.sgd(0.1)
      optimizer.applyGradients(grads as never)
      return { state }
    }
    const error = refusal(body, () => optimizer?.dispose())
    assert.match(error.message, /slots of an optimizer object|differs from step to step|something else/)
  })

  it('that draws a random number of JavaScript', () => {
    const body: Body = ({ w }) => ({ state: { w: tf.mul(w!, Math.random()) } })
    assertRefused(body, /a number made in JavaScript differs from step to step.*now\.uniform/)
  })

  it('that draws a random tensor of tfjs', () => {
    assertRefused(({ w }) => ({ state: { w: tf.add(w!, tf.randomNormal([3])) } }), /now\.normal/)
  })

  it('that drops out by tfjs', () => {
    assertRefused(({ w }) => ({ state: { w: tf.dropout(w!, 0.5) } }), /differs from step to step/)
  })

  it('that counts in JavaScript', () => {
    let count = 0
    const body: Body = ({ w }) => {
      count += 1
      return { state: { w: tf.mul(w!, 1 / count) } }
    }
    assertRefused(body, /a counter.*make it of now\.step/)
  })

  it('that branches on a counter', () => {
    let count = 0
    const body: Body = ({ w }) => ({ state: { w: count++ === 0 ? tf.sin(w!) : tf.cos(w!) } })
    assertRefused(body, /something else the second time \(Sin, then Cos\).*tf\.where/, 'Cos')
  })

  it('that branches at its end', () => {
    let count = 0
    const body: Body = ({ w }, { x }) => {
      const [a, b] = [tf.sin(x!), tf.cos(x!)]
      return { state: { w: tf.add(w!, count++ === 0 ? a : b) } }
    }
    assertRefused(body, /given other tensors the second time/, 'Add')
  })

  it('that returns another tensor the second time', () => {
    let count = 0
    const body: Body = (_, { x }) => {
      const both = [tf.sin(x!), tf.cos(x!)]
      return { state: { w: both[count++ % 2] } }
    }
    assert.match(refusal(body).message, /state\.w is another tensor of the step the second time/)
  })

  it('that does more each time', () => {
    let count = 0
    const body: Body = ({ w }) => {
      let next: Tensor = w!
      for (let k = 0; k <= count; k++) next = tf.sin(next)
      count++
      return { state: { w: next } }
    }
    assertRefused(body, /something else the second time \(nothing, then Sin\)/, 'Sin')
  })

  it('whose attributes change', () => {
    let count = 0
    const body: Body = ({ w }) => {
      const square = tf.reshape(tf.tile(w!, [3]), [3, 3])
      return { state: { w: tf.sum(tf.matMul(square as never, square as never, count++ > 0), 0) } }
    }
    assertRefused(body, /its attributes differ from step to step/, 'BatchMatMulV2')
  })

  it('whose shapes change', () => {
    let count = 0
    const body: Body = ({ w }) => {
      count++
      return { state: { w: tf.add(w!, tf.sum(tf.tensor1d(new Float32Array(count)))) } }
    }
    assertRefused(body, /a shape differs from step to step \(\[1\], then \[2\]\)/)
  })

  it('with shapes that depend on values', () => {
    const body: Body = ({ w }) => ({ state: { w: tf.add(w!, tf.unique(w!).values.shape[0]!) } })
    assertRefused(body, /the shape of its result depends on values/, 'UniqueV2')
  })

  it('that looks up where values are true', () => {
    const body: Body = ({ w }) => {
      const backend = tf.backend() as unknown as { where(condition: Tensor): Tensor }
      return { state: { w: tf.add(w!, backend.where(tf.greater(w!, 0)).shape[0]!) } }
    }
    assertRefused(body, /depends on values; use tf\.where with three arguments/, 'Where')
  })

  it('that draws by an operation with a state of its own', () => {
    const body: Body = ({ w }) => {
      const drawn = tf.multinomial(w as never, 2)
      return { state: { w: tf.add(w!, tf.sum(drawn)) } }
    }
    assertRefused(body, /keeps a state of its own.*now\.integers/, 'Multinomial')
  })

  it('whose state changes its shape', () => {
    assert.match(
      refusal(({ w }) => ({ state: { w: tf.concat([w!, w!]) } })).message,
      /state\.w is float32 \[3\] before the step and float32 \[6\] after it/,
    )
  })

  it('whose state changes its type', () => {
    assert.match(
      refusal(({ w }) => ({ state: { w: tf.cast(w!, 'int32') } })).message,
      /float32 \[3\] before the step and int32 \[3\] after it/,
    )
  })

  it('that forgets a state', () => {
    assert.match(refusal(() => ({ state: {} })).message, /does not return state\.w/)
  })

  it('that returns a state which it was not given', () => {
    assert.match(
      refusal(({ w }) => ({ state: { w, v: w } })).message,
      /returns state\.v, which it was not given/,
    )
  })

  it('that returns no state at all', () => {
    assert.match(refusal(({ w }) => w).message, /must return \{ state, metrics \}/)
  })

  it('with a large constant', () => {
    const body: Body = ({ w }) => {
      const large = tf.tensor1d(Float32Array.from({ length: 2 ** 21 }, (_, k) => k))
      return { state: { w: tf.add(w!, tf.sum(large)) } }
    }
    assertRefused(body, /a constant of shape \[2097152\] holds 8\.0 MB, more than 4\.0 MB; make it an input/)
  })

  it('with many constants', () => {
    const body: Body = ({ w }) => {
      for (let k = 0; k < 70; k++)
        tf.expandDims(tf.tensor1d(Float32Array.from({ length: 2 ** 20 }, (_, n) => n)), 0)
      return { state: { w } }
    }
    assertRefused(body, /constants come to more than 256\.0 MB/)
  })

  it('with a text', () => {
    const body: Body = ({ w }) => {
      tf.expandDims(tf.tensor1d(['a', 'b']), 0)
      return { state: { w } }
    }
    assertRefused(body, /texts have no place/)
  })

  it('with an operation that the library does not have', () => {
    const body: Body = ({ w }) => {
      const backend = tf.backend() as unknown as Backend
      return { state: { w: backend.executeSingleOutput('NoSuchOperation', [], [w!]) } }
    }
    assertRefused(body, /this library has no such operation/, 'NoSuchOperation')
  })

  it('with its own error, where it throws one', () => {
    const fault = new Error(`fault ${numbers++}`)
    const [state, before] = [{ w: tf.tensor1d([1]) }, tf.memory().numTensors]
    const step = () => {
      tf.ones([3])
      throw fault
    }
    assert.throws(() => record(tf, step, state, {}), fault)
    assert.equal(tf.memory().numTensors, before)
    tf.dispose(state)
  })

  it('on another backend than TensorFlow', async () => {
    const other = { ...tf, backend: () => ({}) } as unknown as Tfjs
    assert.throws(() => record(other, ({ w }: Tensors) => ({ state: { w: w! } }), {}, {}), /another backend/)
  })

  it('and leaves tfjs as it was', () => {
    const kernels = ['GatherV2', 'Step', 'ReluGrad'].map((name) => tf.getKernel(name, 'tensorflow'))
    const gradients = ['Relu', 'ReluGrad'].map((name) => tf.getGradient(name))
    const { binding } = tf.backend() as unknown as Backend
    refusal(({ w }) => ({ state: { w: tf.mul(tf.relu(w!), w!.dataSync()[0]!) } }))
    assert.deepEqual(
      ['GatherV2', 'Step', 'ReluGrad'].map((name) => tf.getKernel(name, 'tensorflow')),
      kernels,
    )
    assert.deepEqual(
      ['Relu', 'ReluGrad'].map((name) => tf.getGradient(name)),
      gradients,
    )
    assert.equal((tf.backend() as unknown as Backend).binding, binding)
  })
})
