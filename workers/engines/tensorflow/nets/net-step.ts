import type { NamedTensors } from '../../../../src/experiment/matrix.ts'
import { type Slots, slotsOf, updated } from '../../../dynamics/net-update.ts'
import { netLoss } from '../../../objectives/net-loss.ts'
import type { NetPlan } from '../../engine.ts'
import type { Step } from '../recorder/step.ts'
import type { Tensor, Tensors, Tfjs } from '../tensors.ts'
import { sourceArrays } from './resident.ts'
import { Draws } from './sources/draws.ts'
import type { DeviceSource, Views } from './sources/source.ts'

/** A training step of R nets as the recorder takes it: what is resident and what is fed in, losses [R] out. */
export type NetStep = Step<Tensors, Tensors, { loss: Tensor }>

/** Where the target's weights lie in the state, behind this. */
const TARGET = 'target/'
const MOVING_SHARE = 0.1 // of a batch's moments in the moving ones, as in PyTorch

/** What a run's state begins with: weights, moving moments, an EMA target's weights and what the optimiser keeps. A batch stacks it. */
export function initialState({ spec, initial, moving }: NetPlan): NamedTensors {
  const slots = slotsOf(spec.training).flatMap((slot) =>
    Object.entries(initial).map(([name, { shape, data }]) => {
      return [`${slot}/${name}`, { shape, data: new Float32Array(data.length) }] as const
    }),
  )
  const target = spec.loss.ema === null ? [] : targetEntries(initial)
  return { ...initial, ...moving, ...Object.fromEntries([...target, ...slots]) }
}

function targetEntries(initial: NamedTensors) {
  const followed = Object.entries(initial).filter(([name]) => isEncoder(name))
  return followed.map(([name, tensor]) => [TARGET + name, tensor] as const)
}

const isEncoder = (name: string) => name.startsWith('encoder.')

/**
 * The target's weights in a state, under the encoder's names; nothing where it has none of its own. Its batch norms have the
 * encoder's moving moments.
 */
export function targetIn(state: Tensors): { target?: Tensors } {
  const found = Object.entries(state).filter(([name]) => name.startsWith(TARGET))
  if (found.length === 0) return {}
  const own = found.map(([name, tensor]) => [name.slice(TARGET.length), tensor] as const)
  return { target: { ...state, ...Object.fromEntries(own) } }
}

/** How a step comes by its batch and its rates. */
export interface Supply {
  /** Steps that are fed at once. */
  readonly window: number
  /** What draws the batches in the step; null where they are fed. */
  readonly source: DeviceSource | null
  /** R. */
  readonly runs: number
}

/** The step of R runs of one shape, of which this is one's plan: nothing of it that differs between them is in the step. */
export function netStep(
  tf: Tfjs,
  { spec, layers, shape, initial, moving }: NetPlan,
  supply: Supply,
): NetStep {
  const names = Object.keys(initial)
  const { batchSize = 1 } = spec.training
  const { runs } = supply
  return (state, inputs, now) => {
    const place = tf.mod(now.step, tf.scalar(supply.window, 'int32'))
    const of = (fed: Tensor) => tf.gather(fed, place as never) as Tensor
    const drawn: Views =
      supply.source === null
        ? { x: of(inputs.x!), y: of(inputs.y!) }
        : supply.source.draw(tf, sourceArrays(inputs), new Draws(tf, now.step, inputs.seed!), batchSize)
    const [x, y] = [drawn.x, drawn.y].map((batch) => tf.reshape(batch, [runs, batchSize, ...shape]))
    const [rate, first, second] = tf.unstack(of(inputs.rates!)) as [Tensor, Tensor, Tensor]
    const heard: Slots = {}
    const hear = (layer: string, mean: Tensor, variance: Tensor) => {
      heard[`${layer}.mean`] = mean
      heard[`${layer}.variance`] = variance
    }
    const view = { tf, x: x!, y: y!, weights: state, isTraining: true, hear, ...targetIn(state) }
    let losses: Tensor | undefined
    // Of the sum, since tfjs differentiates one number: a run's weights meet its own loss alone.
    const { grads } = tf.variableGrads(
      () => {
        losses = tf.keep(netLoss(spec, layers, view))
        return tf.sum(losses) as never
      },
      names.map((name) => state[name]!),
    )
    const gradient = Object.fromEntries(names.map((name) => [name, grads[state[name]!.name]!]))
    const corrections = spec.training.optimizer?.kind === 'sgd' ? null : ([first, second] as const)
    const next = updated(spec.training, { tf, state, names, gradient, rate, corrections })
    for (const name of Object.keys(moving)) {
      next[name] = tf.add(tf.mul(state[name]!, 1 - MOVING_SHARE), tf.mul(heard[name]!, MOVING_SHARE))
    }
    tf.dispose(heard)
    follow(tf, spec.loss.ema, state, next)
    return { state: next, metrics: { loss: losses! } }
  }
}

/** Moves the target's weights towards the encoder's new ones. */
function follow(tf: Tfjs, ema: number | null, state: Tensors, next: Slots): void {
  if (ema === null) return
  for (const [name, weight] of Object.entries(state)) {
    if (!name.startsWith(TARGET)) continue
    const encoder = next[name.slice(TARGET.length)]!
    next[name] = tf.add(tf.mul(weight, ema), tf.mul(encoder, 1 - ema))
  }
}
