import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import type { Tensor, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'

/** Tensors by name that can be added to. */
export type Slots = Record<string, Tensor>

/** What an update is made of: the state before it, the gradient, and this step's numbers as scalars. */
export interface UpdateParts {
  readonly tf: Tfjs
  readonly state: Tensors
  readonly names: readonly string[] // of the weights
  readonly gradient: Tensors
  readonly rate: Tensor // η
  /** 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ), t the step counted from 1; Adam's alone. */
  readonly corrections: readonly [Tensor, Tensor] | null
}

/**
 * The next weights w of gradient g, with what the optimiser keeps of each weight:
 *
 *   sgd     m ← μ m + g,  w ← w − η m                                   (momentum/…; none for μ = 0)
 *   adam    m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − η m̂/(√v̂ + ε)    (momentum/…, square/…)
 *
 * Before that g is scaled to the norm `clip` where it is longer, all weights together. Weight decay δ is for kernels alone, not for
 * biases and gains: g ← g + δ w in sgd and adam, w ← w − η δ w in adamw. In precision `compensated` an update y is added
 * as  y ← y + c,  t = w + y,  c ← y − (t − w),  w ← t  with c of the last one (lost/…): nothing of it is lost to rounding.
 *
 * As torch.optim has them, but that PyTorch decays biases too.
 */
export function updated(training: ResolvedDescent, parts: UpdateParts): Slots {
  const { tf, state, names } = parts
  const gradient = clipped(tf, training.clip ?? null, parts.gradient)
  const next: Slots = {}
  for (const name of names) {
    const weight = state[name]!
    const slope = withDecay(tf, training, name, weight, gradient[name]!)
    const step = tf.mul(directionOf(training, parts, name, slope, next), tf.neg(parts.rate))
    const move = decoupled(tf, training, name, weight, step, parts.rate)
    if (training.precision !== 'compensated') {
      next[name] = tf.add(weight, move)
      continue
    }
    const whole = tf.add(move, state[`lost/${name}`]!)
    const sum = tf.add(weight, whole)
    next[name] = sum
    next[`lost/${name}`] = tf.sub(whole, tf.sub(sum, weight))
  }
  return next
}

/** Names of what is kept of a weight, each as large as it and 0 at the start. */
export function slotsOf({ optimizer, momentum, precision }: ResolvedDescent): string[] {
  const isAdam = optimizer?.kind === 'adam' || optimizer?.kind === 'adamw'
  return [
    ...(isAdam || momentum > 0 ? ['momentum'] : []),
    ...(isAdam ? ['square'] : []),
    ...(precision === 'compensated' ? ['lost'] : []),
  ]
}

const isKernel = (name: string) => name.endsWith('.kernel') || name.endsWith('.skip')

function withDecay(tf: Tfjs, training: ResolvedDescent, name: string, weight: Tensor, slope: Tensor): Tensor {
  const { optimizer, weightDecay = 0 } = training
  if (weightDecay === 0 || optimizer?.kind === 'adamw' || !isKernel(name)) return slope
  return tf.add(slope, tf.mul(weight, weightDecay))
}

function decoupled(
  tf: Tfjs,
  { optimizer, weightDecay = 0 }: ResolvedDescent,
  name: string,
  weight: Tensor,
  move: Tensor,
  rate: Tensor,
): Tensor {
  if (weightDecay === 0 || optimizer?.kind !== 'adamw' || !isKernel(name)) return move
  return tf.sub(move, tf.mul(weight, tf.mul(rate, weightDecay)))
}

/** m, or m̂/(√v̂ + ε); what is kept goes into `next`. */
function directionOf(
  { optimizer, momentum }: ResolvedDescent,
  { tf, state, corrections }: UpdateParts,
  name: string,
  slope: Tensor,
  next: Slots,
): Tensor {
  const [m, v] = [`momentum/${name}`, `square/${name}`]
  if (optimizer === undefined || optimizer.kind === 'sgd') {
    if (momentum === 0) return slope
    next[m] = tf.add(tf.mul(state[m]!, momentum), slope)
    return next[m]
  }
  const { beta1, beta2, epsilon } = optimizer
  next[m] = tf.add(tf.mul(state[m]!, beta1), tf.mul(slope, 1 - beta1))
  next[v] = tf.add(tf.mul(state[v]!, beta2), tf.mul(tf.square(slope), 1 - beta2))
  const [first, second] = corrections!
  return tf.div(tf.mul(next[m], first), tf.add(tf.sqrt(tf.mul(next[v], second)), epsilon))
}

/** As torch.nn.utils.clip_grad_norm_. */
function clipped(tf: Tfjs, clip: number | null, gradient: Tensors): Tensors {
  if (clip === null) return gradient
  const squares = Object.values(gradient).map((slope) => tf.sum(tf.square(slope)))
  const norm = tf.sqrt(tf.addN(squares))
  const share = tf.minimum(tf.div(clip, tf.add(norm, 1e-6)), 1)
  return Object.fromEntries(Object.entries(gradient).map(([name, slope]) => [name, tf.mul(slope, share)]))
}
