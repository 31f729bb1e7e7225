import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node-gpu'
import { MomentSampler } from '../../../src/data/moment-sampler.ts'
import type { Matrix, Weights } from '../../../src/experiment/matrix.ts'
import type { ResolvedDescent } from '../../../src/experiment/resolve.ts'
import { DescentClock } from '../../dynamics/schedule.ts'
import { layoutOf } from '../../models/parameters.ts'
import { type RunPlan, samplerOf } from '../engine.ts'
import type { Training } from '../training.ts'
import type { TensorFlow } from './load.ts'
import { type Stacks, TensorGradient, type TensorMoments } from './tensor-gradient.ts'

type Tfjs = TensorFlow['tf']

/** Multiply-adds in one advance at most: some 50 ms on one core, so that the event loop is not kept waiting. */
const ADVANCE_BUDGET = 1e9

/**
 * Descent of one run as eager TensorFlow operations in float32, with weights that stay in TensorFlow and are
 * read where they are measured alone.
 *
 * Precision `compensated` keeps with every weight w what its rounding lost, c (Kahan):
 *   y = c − η m,  t = w + y,  c ← y − (t − w),  w ← t
 * so that updates below the last bit of w add up and are not lost (docs/theory.md §6). `float32` is w ← w − η m.
 */
export class TensorTraining implements Training {
  readonly broken = null
  readonly #tf: Tfjs
  readonly #plan: RunPlan
  readonly #training: ResolvedDescent
  readonly #clock: DescentClock
  readonly #gradient: TensorGradient
  readonly #moments: TensorMoments & { readonly Syy: Tensor2D }
  readonly #directions: Tensor2D
  readonly #longest: number
  #weights: Stacks
  #lost: Stacks // c, empty where the precision keeps none
  #velocity: Stacks // m, empty without momentum
  #scalar: { value: number; tensor: Scalar } | null = null
  #isDisposed = false

  constructor(tf: Tfjs, plan: RunPlan, training: ResolvedDescent) {
    const { moments, width, depth } = plan
    this.#tf = tf
    this.#plan = plan
    this.#training = training
    this.#clock = new DescentClock(training)
    this.#gradient = new TensorGradient(tf, layoutOf(plan))
    this.#moments = {
      Sxx: this.#upload(moments.Sxx),
      Syx: this.#upload(moments.Syx),
      Syy: this.#upload(moments.Syy),
    }
    this.#directions = this.#upload(plan.directions)
    this.#longest = Math.max(1, Math.floor(ADVANCE_BUDGET / ((3 * depth + 2) * width ** 3)))
    const { layers, decoder } = plan.initial
    this.#weights = tf.tidy(() => this.#gradient.stack([...layers, decoder].map((m) => this.#upload(m))))
    this.#lost = training.precision === 'compensated' ? this.#weights.map((w) => tf.zerosLike(w)) : []
    this.#velocity = training.momentum > 0 ? this.#weights.map((w) => tf.zerosLike(w)) : []
  }

  get step(): number {
    return this.#clock.step
  }

  get time(): number {
    return this.#clock.time
  }

  advance(limit: number): void {
    const stride = Math.min(Math.max(1, Math.floor(this.step / 1000)), this.#longest, limit - this.step)
    for (let i = 0; i < stride; i++) this.#update()
  }

  #update(): void {
    const rate = this.#scalarOf(this.#clock.rate)
    const before = [...this.#weights, ...this.#lost, ...this.#velocity]
    const after = this.#tf.tidy(() => {
      const matrices = this.#gradient.matrices(this.#weights)
      const slope = this.#gradient.stack(this.#gradient.evaluate(matrices, this.#batchOr(this.#moments)))
      const velocity = this.#velocity.map((m, s) => this.#carry(m, slope[s]!))
      const [weights, lost] = this.#descend(velocity.length > 0 ? velocity : slope, rate)
      return { weights, lost, velocity }
    })
    this.#weights = after.weights
    this.#lost = after.lost
    this.#velocity = after.velocity
    this.#tf.dispose(before)
    this.#clock.tick()
  }

  #carry(velocity: Stacks[number], slope: Stacks[number]): Stacks[number] {
    return this.#tf.add(this.#tf.mul(velocity, this.#training.momentum), slope)
  }

  #descend(direction: Stacks, rate: Scalar): readonly [Stacks, Stacks] {
    const tf = this.#tf
    const moves = direction.map((g) => tf.mul(g, rate) as Stacks[number])
    if (this.#lost.length === 0) return [this.#weights.map((w, s) => tf.sub(w, moves[s]!)), []]
    const wanted = this.#lost.map((c, s) => tf.sub(c, moves[s]!) as Stacks[number])
    const next = this.#weights.map((w, s) => tf.add(w, wanted[s]!) as Stacks[number])
    const lost = wanted.map((y, s) => tf.sub(y, tf.sub(next[s]!, this.#weights[s]!)) as Stacks[number])
    return [next, lost]
  }

  /** The moments of this step's minibatch in sgd: as drawn, or X'X/n and Y'X/n of its rows, scaled by 1/√n on their way in. */
  #batchOr(population: TensorMoments): TensorMoments {
    const { mode, batchSize: rows } = this.#training
    if (mode !== 'sgd' || rows === undefined) return population
    const { features } = this.#plan
    const sampler = samplerOf(this.#plan)
    if (sampler instanceof MomentSampler) {
      const { Sxx, Syx } = sampler.draw(this.step, rows)
      return { Sxx: this.#upload(Sxx), Syx: this.#upload(Syx) }
    }
    const drawn = sampler.draw(this.step, rows)
    const feed = (values: Float64Array) =>
      this.#tf.tensor2d(scaled(values, 1 / Math.sqrt(rows)), [rows, features])
    const [x, y] = [feed(drawn.x), feed(drawn.y)]
    return { Sxx: this.#tf.matMul(x, x, true, false), Syx: this.#tf.matMul(y, x, true, false) }
  }

  amplitudes(): Float64Array {
    const tf = this.#tf
    const values = tf.tidy(() => {
      const product = this.#gradient.products(this.#gradient.matrices(this.#weights)).at(-1)!
      return tf.sqrt(tf.sum(tf.square(tf.matMul(product, this.#directions)), 0)).dataSync()
    })
    return Float64Array.from(values)
  }

  loss(): number {
    const loss = this.#tf.tidy(() =>
      this.#gradient.loss(this.#gradient.matrices(this.#weights), this.#moments).dataSync(),
    )
    return loss[0]!
  }

  /** Compensated weights are w + c, what the sums stand for, in float64. */
  weights(): Weights {
    const matrices = this.#read(this.#weights)
    for (const [a, { data }] of (this.#lost.length > 0 ? this.#read(this.#lost) : []).entries()) {
      for (const [i, c] of data.entries()) matrices[a]!.data[i]! += c
    }
    return { layers: matrices.slice(0, -1), decoder: matrices.at(-1)! }
  }

  #read(stacks: Stacks): Matrix[] {
    const tensors = this.#gradient.matrices(stacks)
    const matrices = tensors.map((tensor) => {
      const [rows, cols] = tensor.shape
      return { rows, cols, data: Float64Array.from(tensor.dataSync()) }
    })
    this.#tf.dispose(tensors)
    return matrices
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    const { Sxx, Syx, Syy } = this.#moments
    const stacks = [...this.#weights, ...this.#lost, ...this.#velocity]
    this.#tf.dispose([Sxx, Syx, Syy, this.#directions, ...stacks])
    this.#scalar?.tensor.dispose()
  }

  #scalarOf(value: number): Scalar {
    if (this.#scalar?.value !== value) {
      this.#scalar?.tensor.dispose()
      this.#scalar = { value, tensor: this.#tf.scalar(value) }
    }
    return this.#scalar.tensor
  }

  #upload({ rows, cols, data }: Matrix): Tensor2D {
    return this.#tf.tensor2d(Float32Array.from(data), [rows, cols])
  }
}

function scaled(values: Float64Array, factor: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) out[i] = values[i]! * factor
  return out
}
