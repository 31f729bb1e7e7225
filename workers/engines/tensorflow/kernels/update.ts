import { ATTRIBUTE, type Attribute, backendOf } from '../recorder/binding.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/** A weight of R runs before a step. Every tensor but the rates has the weight's shape, [R]…. */
export interface WeightBefore {
  readonly weight: Tensor
  readonly gradient: Tensor
  /** Of each run: [R], or one number for all. */
  readonly rates: Tensor
  /** What an earlier step lost to rounding; null in plain float32. */
  readonly lost: Tensor | null
  /** null for sgd without momentum. */
  readonly momentum: Tensor | null
}

/** What Adam has besides. */
export interface AdamBefore extends WeightBefore {
  readonly momentum: Tensor
  readonly square: Tensor
  /** 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ), t the step counted from 1: [R], or one number for all. */
  readonly corrections: readonly [Tensor, Tensor]
}

/** The weight after a step and what is kept of it; null where nothing was before. */
export interface WeightAfter {
  readonly weight: Tensor
  readonly momentum: Tensor | null
  readonly square: Tensor | null
  readonly lost: Tensor | null
}

/** Constants of a step. */
export interface SgdRule {
  readonly momentum: number
  /** δ of this weight, 0 for none. */
  readonly decay: number
}

/** `isDecoupled`: AdamW. */
export interface AdamRule {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly decay: number
  readonly isDecoupled: boolean
}

/**
 * w ← w − η (m ← μ m + g + δ w), in one pass over memory; compensated where `lost` is given. The formulas are those of
 * workers/dynamics/net-update.ts, the bits those of the same in tfjs.
 */
export function sgdUpdate(tf: Tfjs, { momentum, decay }: SgdRule, before: WeightBefore): WeightAfter {
  const { weight, gradient, rates, lost } = before
  if (!hasKernels(tf)) {
    const slope = decayed(tf, decay, before)
    const kept = before.momentum === null ? null : tf.add(tf.mul(before.momentum, momentum), slope)
    const move = tf.mul(kept ?? slope, tf.neg(spread(tf, rates, weight)))
    return { ...moved(tf, before, move), momentum: kept, square: null }
  }
  const kept = [before.momentum, lost].filter((slot) => slot !== null)
  const attributes = [
    { name: 'slots', type: ATTRIBUTE.int, value: kept.length },
    real('momentum', momentum),
    real('decay', decay),
    { name: 'compensated', type: ATTRIBUTE.bool, value: lost !== null },
  ]
  const outputs = update(tf, 'JepalabSgd', attributes, [weight, gradient, rates], kept)
  return {
    weight: outputs[0]!,
    momentum: before.momentum === null ? null : outputs[1]!,
    square: null,
    lost: lost === null ? null : outputs.at(-1)!,
  }
}

/** m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η m̂/(√v̂ + ε), as sgdUpdate. */
export function adamUpdate(tf: Tfjs, rule: AdamRule, before: AdamBefore): WeightAfter {
  const { weight, gradient, rates, lost, corrections } = before
  if (!hasKernels(tf)) return composedAdam(tf, rule, before)
  const kept = [before.momentum, before.square, lost].filter((slot) => slot !== null)
  const attributes = [
    { name: 'slots', type: ATTRIBUTE.int, value: kept.length },
    ...[real('beta1', rule.beta1), real('rest1', 1 - rule.beta1)],
    ...[real('beta2', rule.beta2), real('rest2', 1 - rule.beta2)],
    ...[real('epsilon', rule.epsilon), real('decay', rule.decay)],
    { name: 'decoupled', type: ATTRIBUTE.bool, value: rule.isDecoupled },
  ]
  const inputs = [weight, gradient, rates, ...corrections]
  const [next, momentum, square, rest = null] = update(tf, 'JepalabAdam', attributes, inputs, kept)
  return { weight: next!, momentum: momentum!, square: square!, lost: rest }
}

function update(
  tf: Tfjs,
  name: string,
  attributes: Attribute[],
  inputs: readonly Tensor[],
  kept: readonly Tensor[],
): Tensor[] {
  return backendOf(tf).executeMultipleOutputs(name, attributes, [...inputs, ...kept], 1 + kept.length)
}

function real(name: string, value: number): Attribute {
  return { name, type: ATTRIBUTE.float, value }
}

function composedAdam(tf: Tfjs, rule: AdamRule, before: AdamBefore): WeightAfter {
  const { weight, rates, corrections } = before
  const { beta1, beta2, epsilon, decay, isDecoupled } = rule
  const slope = decayed(tf, isDecoupled ? 0 : decay, before)
  const momentum = tf.add(tf.mul(before.momentum, beta1), tf.mul(slope, 1 - beta1))
  const square = tf.add(tf.mul(before.square, beta2), tf.mul(tf.square(slope), 1 - beta2))
  const [first, second] = corrections.map((correction) => spread(tf, correction, weight))
  const direction = tf.div(
    tf.mul(momentum, first!),
    tf.add(tf.sqrt(tf.mul(square, second!)), tf.scalar(epsilon)),
  )
  const rate = spread(tf, rates, weight)
  const plain = tf.mul(direction, tf.neg(rate))
  const shrink = tf.mul(rate, decay)
  const move = isDecoupled && decay !== 0 ? tf.sub(plain, tf.mul(weight, shrink)) : plain
  return { ...moved(tf, before, move), momentum, square }
}

/** g + δ w. */
function decayed(tf: Tfjs, decay: number, { weight, gradient }: WeightBefore): Tensor {
  return decay === 0 ? gradient : tf.add(gradient, tf.mul(weight, decay))
}

function moved(tf: Tfjs, { weight, lost }: WeightBefore, move: Tensor) {
  if (lost === null) return { weight: tf.add(weight, move) as Tensor, lost: null }
  const whole = tf.add(move, lost)
  const sum = tf.add(weight, whole)
  return { weight: sum as Tensor, lost: tf.sub(whole, tf.sub(sum, weight)) as Tensor }
}

/** Numbers of runs, [R] or one, as they multiply a weight [R]…. */
function spread(tf: Tfjs, numbers: Tensor, { rank }: Tensor): Tensor {
  return numbers.size === 1 ? tf.reshape(numbers, []) : tf.reshape(numbers, [-1, ...Array(rank - 1).fill(1)])
}
