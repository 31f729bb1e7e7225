import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import { adamUpdate, sgdUpdate } from '../engines/tensorflow/kernels/update.ts'
import type { Tensor, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'

/** Tensors by name that can be added to. */
export type Slots = Record<string, Tensor>

/** What an update of R runs is made of: the states before it and the gradients, [R][…], and this step's numbers. */
export interface UpdateParts {
  readonly tf: Tfjs
  readonly state: Tensors
  readonly names: readonly string[] // of the weights
  readonly gradient: Tensors
  readonly rate: Tensor // η, [R]
  /** 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ), t the step counted from 1; [R] each; Adam's alone. */
  readonly corrections: readonly [Tensor, Tensor] | null
}

/**
 * The next weights w of gradient g, with what the optimiser keeps of each weight:
 *
 *   sgd     m ← μ m + g,  w ← w − η m                                   (momentum/…; none for μ = 0)
 *   adam    m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − η m̂/(√v̂ + ε)    (momentum/…, square/…)
 *
 * Before that g is scaled to the norm `clip` where it is longer, all weights of a run together. Weight decay δ is for kernels alone, not for
 * biases and gains: g ← g + δ w in sgd and adam, w ← w − η δ w in adamw. In precision `compensated` an update y is added
 * as  y ← y + c,  t = w + y,  c ← y − (t − w),  w ← t  with c of the last one (lost/…): nothing of it is lost to rounding.
 *
 * As torch.optim has them, but that PyTorch decays biases too.
 */
export function updated(training: ResolvedDescent, parts: UpdateParts): Slots {
  const { tf, names } = parts
  const gradient = clipped(tf, training.clip ?? null, parts.gradient)
  const next: Slots = {}
  for (const name of names) {
    const { weight, ...slots } = updatedOne(training, parts, name, gradient[name]!)
    next[name] = weight
    for (const [slot, kept] of Object.entries(slots)) if (kept !== null) next[`${slot}/${name}`] = kept
  }
  return next
}

function updatedOne(training: ResolvedDescent, parts: UpdateParts, name: string, gradient: Tensor) {
  const { tf, state, rate: rates, corrections } = parts
  const { optimizer, momentum, weightDecay = 0 } = training
  const slot = (kept: string) => state[`${kept}/${name}`] ?? null
  const before = { weight: state[name]!, gradient, rates, lost: slot('lost') }
  const decay = isKernel(name) ? weightDecay : 0
  if (optimizer === undefined || optimizer.kind === 'sgd')
    return sgdUpdate(tf, { momentum, decay }, { ...before, momentum: slot('momentum') })
  const { beta1, beta2, epsilon, kind } = optimizer
  const rule = { beta1, beta2, epsilon, decay, isDecoupled: kind === 'adamw' }
  const moments = { momentum: slot('momentum')!, square: slot('square')!, corrections: corrections! }
  return adamUpdate(tf, rule, { ...before, ...moments })
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

/** As torch.nn.utils.clip_grad_norm_, each run by itself. */
function clipped(tf: Tfjs, clip: number | null, gradient: Tensors): Tensors {
  if (clip === null) return gradient
  const squares = Object.values(gradient).map((slope) => {
    return tf.sum(tf.reshape(tf.square(slope), [slope.shape[0]!, -1]), 1)
  })
  const norm = tf.sqrt(tf.addN(squares))
  const share = tf.minimum(tf.div(clip, tf.add(norm, 1e-6)), 1)
  const entries = Object.entries(gradient)
  return Object.fromEntries(entries.map(([name, slope]) => [name, tf.mul(slope, alike(tf, share, slope))]))
}

/** A number of each run, [R], in a shape that goes with the runs' tensors. */
function alike(tf: Tfjs, numbers: Tensor, { shape }: Tensor): Tensor {
  return tf.reshape(
    numbers,
    shape.map((_, axis) => (axis === 0 ? -1 : 1)),
  )
}
