import { createHash } from 'node:crypto'
import type { InstructionSet } from '../../workers/engines/tensorflow/kernels/available.ts'
import { type Activation, dense } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { fused } from '../../workers/engines/tensorflow/kernels/join.ts'
import { squareSums } from '../../workers/engines/tensorflow/kernels/squares.ts'
import { adamUpdate, sgdUpdate } from '../../workers/engines/tensorflow/kernels/update.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Step } from '../../workers/engines/tensorflow/recorder/step.ts'
import { stopGradient } from '../../workers/engines/tensorflow/recorder/stop-gradient.ts'
import type { Tensor, Tensors, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'
import { numbers } from './net-kernel-values.ts'

const BATCHES = 3

/** A net of R runs and how it is trained. */
export interface Net {
  readonly runs: number
  readonly sizes: readonly number[]
  readonly batch: number
  readonly activation: Activation
  readonly rule: 'sgd' | 'momentum' | 'compensated' | 'adam'
  /** Whether the target is what the net itself, or a slow copy of it, makes of y. */
  readonly target: 'y' | 'itself' | 'ema'
  /** Between the layers, beyond what a program can hold. */
  readonly between?: (tf: Tfjs, h: Tensor) => Tensor
}

export type AnyStep = Step<Tensors, Tensors, Tensors>

/** The start of a net's training, its data, and its step. */
export function netOf(tf: Tfjs, { runs, sizes, batch, activation, rule, target, between }: Net) {
  const names = sizes.slice(1).map((_, k) => k)
  const state: Record<string, Tensor> = {}
  for (const k of names) {
    state[`w${k}`] = tf.mul(numbers(tf, [runs, sizes[k]!, sizes[k + 1]!], 20 + k), 0.3)
    if (k !== 1) state[`b${k}`] = numbers(tf, [runs, sizes[k + 1]!], 30 + k) // one layer has none
  }
  const weights = Object.keys(state)
  const slots = { sgd: [], momentum: ['m'], compensated: ['m', 'lost'], adam: ['m', 'v', 'lost'] }[rule]
  for (const slot of slots) for (const name of weights) state[`${slot}/${name}`] = tf.zerosLike(state[name]!)
  if (target === 'ema') for (const name of weights) state[`ema/${name}`] = tf.clone(state[name]!)
  const to = target === 'y' ? sizes.at(-1)! : sizes[0]!
  const inputs = {
    x: numbers(tf, [BATCHES, runs, batch, sizes[0]!], 1),
    y: numbers(tf, [BATCHES, runs, batch, to], 2),
    rates: numbers(tf, [runs], 3),
  }
  const outputs = (own: Tensors, x: Tensor, prefix = '') =>
    names.reduce((h, k) => {
      const last = k === names.length - 1
      const made = dense(
        tf,
        h,
        own[`${prefix}w${k}`]!,
        own[`${prefix}b${k}`] ?? null,
        last ? 'linear' : activation,
      )
      return between === undefined || last ? made : between(tf, made)
    }, x)
  const step: AnyStep = (now, given, { step }) => {
    const at = tf.mod(step, tf.scalar(BATCHES, 'int32'))
    const [x, y] = [given.x!, given.y!].map((all) => tf.gather(all, at as never) as Tensor) as [
      Tensor,
      Tensor,
    ]
    let losses: Tensor | undefined
    const { grads } = tf.variableGrads(
      () => {
        const wanted = target === 'y' ? y : stopGradient(tf, outputs(now, y, target === 'ema' ? 'ema/' : ''))
        const square = tf.customGrad((...args: unknown[]) => {
          const [r, save] = args as [Tensor, (tensors: Tensor[]) => void]
          save([r])
          const gradFunc = (_: Tensor, [own]: Tensor[]) => tf.mul(own!, 1 / batch)
          return { value: tf.mul(squareSums(tf, r), 0.5 / batch), gradFunc }
        })
        losses = tf.keep(square(tf.sub(outputs(now, x), wanted)))
        return tf.sum(losses!) as never
      },
      weights.map((name) => now[name]!) as never,
    )
    const next: Record<string, Tensor> = {}
    for (const name of weights) {
      const slot = (kept: string) => now[`${kept}/${name}`] ?? null
      const before = {
        weight: now[name]!,
        gradient: grads[now[name]!.name]!,
        rates: tf.abs(tf.mul(given.rates!, 0.1)),
        lost: slot('lost'),
      }
      const after =
        rule === 'adam'
          ? adamUpdate(
              tf,
              { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.01, isDecoupled: true },
              {
                ...before,
                momentum: slot('m')!,
                square: slot('v')!,
                corrections: [tf.scalar(1.5), tf.scalar(2)],
              },
            )
          : sgdUpdate(tf, { momentum: 0.9, decay: 0.01 }, { ...before, momentum: slot('m') })
      next[name] = after.weight
      for (const [kept, tensor] of [
        ['m', after.momentum],
        ['v', after.square],
        ['lost', after.lost],
      ] as const)
        if (tensor !== null) next[`${kept}/${name}`] = tensor
      if (target === 'ema')
        next[`ema/${name}`] = tf.add(tf.mul(now[`ema/${name}`]!, 0.9), tf.mul(after.weight, 0.1))
    }
    return { state: next, metrics: { loss: losses! } }
  }
  return { state, inputs, step }
}

export const small: Net = {
  runs: 1,
  sizes: [7, 9, 5, 6],
  batch: 4,
  activation: 'tanh',
  rule: 'momentum',
  target: 'y',
}

/** SHA-256 over the state and losses of nets that were trained for some steps, joined. */
async function digest(asked: InstructionSet): Promise<string> {
  const { tf } = await loadTensorFlow('cpu', asked)
  const hash = createHash('sha256')
  const nets: readonly Net[] = [
    { ...small, runs: 5, sizes: [20, 40, 33, 17], batch: 9, rule: 'compensated', target: 'itself' },
    { ...small, runs: 3, sizes: [32, 64, 64, 32], batch: 64, activation: 'relu' },
    { ...small, runs: 2, rule: 'adam', target: 'ema' },
  ]
  for (const net of nets) {
    const { state, inputs, step } = netOf(tf, net)
    const program = record(tf, step, state, inputs, { rewrite: fused })
    hash.update(program.run(5).loss!)
    for (const tensor of Object.values(program.state() as Tensors)) hash.update(tensor.dataSync())
    program.close()
  }
  return hash.digest('hex')
}

// As a process of its own, for a process has one build: the instruction set is the argument.
if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1)!)) {
  console.log(await digest(process.argv[2] as InstructionSet))
}
