import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu'
import type { Layout } from '../../models/parameters.ts'
import type { TensorFlow } from './load.ts'

/**
 * The loss and gradient of workers/objectives/gradient.ts, by the same closed forms, as TensorFlow operations
 * (arXiv 2407.03475, docs/theory.md §1). The closed forms run half as many operations as automatic
 * differentiation of the loss with a stopped target, and a test holds the two together.
 *
 * Every call must stand inside tf.tidy: what it makes on the way is left to it.
 */
type Tfjs = TensorFlow['tf']

/** Sxx, Syx [d][d] and, where a loss is wanted, Syy. */
export interface TensorMoments {
  readonly Sxx: Tensor2D
  readonly Syx: Tensor2D
}

/**
 * The weights, matrices of one shape stacked into one tensor [matrices][rows][cols], so that an update of all is five
 * operations and not five a matrix. With width = d there is one stack: W¹ … Wᴸ, V.
 */
export type Stacks = Tensor3D[]

export class TensorGradient {
  readonly #tf: Tfjs
  readonly #isJepa: boolean
  readonly #stacks: readonly (readonly number[])[] // which matrices (W¹ is 0, V is L) lie in which stack

  constructor(tf: Tfjs, layout: Layout) {
    this.#tf = tf
    this.#isJepa = layout.objective === 'jepa'
    const { depth, features, width, outputs } = layout
    const shapes = Array.from({ length: depth }, (_, a) => `${width},${a === 0 ? features : width}`)
    shapes.push(`${outputs},${width}`)
    this.#stacks = [...new Set(shapes)].map((shape) => shapes.flatMap((s, a) => (s === shape ? [a] : [])))
  }

  /** W¹ … Wᴸ and V of the stacks. */
  matrices(stacks: Stacks): Tensor2D[] {
    const matrices: Tensor2D[] = []
    for (const [s, members] of this.#stacks.entries()) {
      const parts = this.#tf.unstack(stacks[s]!) as Tensor2D[]
      for (const [k, a] of members.entries()) matrices[a] = parts[k]!
    }
    return matrices
  }

  stack(matrices: readonly Tensor2D[]): Stacks {
    return this.#stacks.map((members) => this.#tf.stack(members.map((a) => matrices[a]!)) as Tensor3D)
  }

  /** Wᵃ…W¹ for a = 1 … L, each [w][d]. */
  products(matrices: readonly Tensor2D[]): Tensor2D[] {
    const products = [matrices[0]!]
    for (const layer of matrices.slice(1, -1)) products.push(this.#times(layer, products.at(-1)!))
    return products
  }

  /** ∂loss of W¹ … Wᴸ and V. JEPA's target W̄ Syx is a number here: no gradient passes through it. */
  evaluate(matrices: readonly Tensor2D[], { Sxx, Syx }: TensorMoments): Tensor2D[] {
    const tf = this.#tf
    const products = this.products(matrices)
    const product = products.at(-1)!
    const decoder = matrices.at(-1)!
    const target = this.#isJepa ? this.#times(product, Syx) : Syx
    const residual = tf.sub(this.#times(decoder, this.#times(product, Sxx)), target) as Tensor2D
    const slopes: Tensor2D[] = [this.#times(residual, product, false, true)]
    let back = this.#times(decoder, residual, true, false)
    for (let a = matrices.length - 2; a >= 1; a--) {
      slopes.unshift(this.#times(back, products[a - 1]!, false, true))
      back = this.#times(matrices[a]!, back, true, false)
    }
    return [back, ...slopes]
  }

  /** The population loss as a scalar tensor. */
  loss(matrices: readonly Tensor2D[], { Sxx, Syx, Syy }: TensorMoments & { readonly Syy: Tensor2D }) {
    const tf = this.#tf
    const product = this.products(matrices).at(-1)!
    const prediction = this.#times(matrices.at(-1)!, product)
    const trace = (a: Tensor2D, b: Tensor2D) => tf.sum(tf.mul(a, b)) // tr(A'B)
    const square = trace(prediction, this.#times(prediction, Sxx))
    const target = this.#isJepa ? this.#times(product, Syx) : Syx
    const spread = this.#isJepa
      ? trace(product, this.#times(product, Syy))
      : trace(Syy, tf.eye(Syy.shape[0]) as Tensor2D)
    return tf.mul(0.5, tf.add(tf.sub(square, tf.mul(2, trace(prediction, target))), spread))
  }

  /** A·B, or A'·B, or A·B'. */
  #times(a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D {
    return this.#tf.matMul(a, b, transposeA, transposeB) as Tensor2D
  }
}
