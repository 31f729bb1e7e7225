import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import { DescentClock } from './schedule.ts'

/**
 * Gradient descent with heavy-ball momentum, in float64:
 *   m ← μ m + ∂loss/∂θ,   θ ← θ − η_k m,   m(0) = 0.
 * Time is Σ η_k over the updates done; momentum moves θ by up to 1/(1 − μ) of that time's flow, and time is not
 * rescaled for it. This is PyTorch's SGD without dampening, the learning rate outside the velocity.
 */
export class Descent {
  readonly clock: DescentClock
  readonly #momentum: number
  readonly #velocity: Float64Array | null // [size], null without momentum

  constructor(training: ResolvedDescent, size: number) {
    this.clock = new DescentClock(training)
    this.#momentum = training.momentum
    this.#velocity = training.momentum > 0 ? new Float64Array(size) : null
  }

  /** One update of θ in place. */
  update(theta: Float64Array, gradient: Float64Array): void {
    const { rate } = this.clock
    const velocity = this.#velocity
    if (velocity === null) {
      for (let i = 0; i < theta.length; i++) theta[i] = theta[i]! - rate * gradient[i]!
    } else {
      for (let i = 0; i < theta.length; i++) {
        const v = this.#momentum * velocity[i]! + gradient[i]!
        velocity[i] = v
        theta[i] = theta[i]! - rate * v
      }
    }
    this.clock.tick()
  }
}
