import assert from 'node:assert/strict'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { readInstallation } from '../../src/experiment/installation.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { runEagerly } from '../../workers/engines/tensorflow/recorder/eager.ts'
import { type RecordOptions, record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Step, Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'

const { tensorflow } = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off'

/** For `describe`: skips by name where TensorFlow is not set up. */
export const needsTensorFlow = { skip: isHere ? false : 'engine tensorflow is not here' }

/** A step with what it begins from. */
export interface Recordable {
  readonly state: Tensors
  readonly inputs: Tensors
  readonly step: Step<Tensors, Tensors, Tensors>
}

/** tfjs of this process. Called in tests alone, which are skipped where it is not set up. */
export async function tensors(): Promise<Tfjs> {
  return (await loadTensorFlow('cpu')).tf
}

/** A seeded normal tensor. */
export function normal(tf: Tfjs, shape: readonly number[], seed: number, deviation = 1): Tensor {
  return tf.randomNormal([...shape], 0, deviation, 'float32', seed)
}

/** Gradient descent on all that the state holds, by tf.variableGrads. */
export function descend(
  tf: Tfjs,
  state: Tensors,
  rate: number,
  loss: () => Tensor,
): { state: Record<string, Tensor>; metrics: { loss: Tensor } } {
  const variables = Object.values(state) as Parameters<Tfjs['variableGrads']>[1]
  const { value, grads } = tf.variableGrads(() => tf.sum(loss()) as never, variables)
  const next = Object.entries(state).map(([name, w]) => {
    const grad = grads[(w as unknown as { name: string }).name]!
    return [name, tf.sub(w, tf.mul(grad, rate))]
  })
  return { state: Object.fromEntries(next), metrics: { loss: value } }
}

/**
 * Holds recorded steps to as many eager ones, however they are cut into calls and into passes of the loop: bit for bit,
 * or within a share of the largest number, for which the caller has a reason.
 */
export function assertSameBits(
  tf: Tfjs,
  { state, inputs, step }: Recordable,
  options: RecordOptions,
  tolerance = 0,
): void {
  const seed = options.seed ?? 7
  const eager = runEagerly(tf, step, state, inputs, { steps: 5, seed })
  for (const stepsAtOnce of [1, 2]) {
    const program = record(tf, step, state, inputs, { ...options, seed, stepsAtOnce: () => stepsAtOnce })
    const parts = [2, 3].map((steps) => program.run(steps))
    assert.equal(program.step, 5)
    const mine = program.state()
    const label = `at once ${stepsAtOnce}`
    for (const [name, expected] of Object.entries(eager.state)) {
      assertSame(mine[name]!.dataSync(), expected.dataSync(), `state.${name}, ${label}`, tolerance)
    }
    for (const [name, expected] of Object.entries(eager.metrics)) {
      const joined = parts.flatMap((part) => [...part[name]!])
      assertSame(Float32Array.from(joined), expected, `metrics.${name}, ${label}`, tolerance)
    }
    assert.ok(program.findings.isExact || tolerance > 0, 'the trial found other bits')
    tf.dispose(mine)
    program.close()
  }
  tf.dispose(eager.state)
}

type Numbers = ArrayLike<number>

/** +0 and −0 are one number here: tf.relu's slope gives the one, TensorFlow's ReluGrad the other. */
function assertSame(actual: Numbers, expected: Numbers, what: string, tolerance: number): void {
  assert.equal(actual.length, expected.length, `${what} has ${actual.length} numbers, not ${expected.length}`)
  const bound = tolerance * Math.max(...Array.from(expected, Math.abs))
  for (let k = 0; k < expected.length; k++) {
    const [mine, eager] = [actual[k]!, expected[k]!]
    assert.ok(!Number.isNaN(eager), `${what}[${k}] is NaN; the case shows nothing`)
    assert.ok(mine === eager || Math.abs(mine - eager) <= bound, `${what}[${k}] is ${mine}, eagerly ${eager}`)
  }
}
