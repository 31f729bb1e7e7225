import type { Matrix } from '../../../src/experiment/matrix.ts'
import { type Centred, centred, covariance, crossCovariance, meanVariance } from './moments.ts'
import { explained, factorised, fitted, ridge } from './ridge.ts'
import { noiseFloor, type Samples, widthOf } from './sample.ts'
import { type Targets, targetsOf } from './targets.ts'

const RELATIVE = 1e-3 // of the mean variance of a coordinate of h

/**
 * What several probes of one representation share: its moments over the training samples, and linear maps from it to what is known of them.
 */
export class Readings {
  readonly k: number
  readonly covariance: Matrix // Σhh [k][k]
  readonly means: Float64Array // h̄ [k]
  /** α of `latents` and `alignment`, the same at every moment of a run. */
  readonly floor: number
  /** α of `classes` and `readout`, in proportion to the representation. */
  readonly relative: number
  readonly samples: Samples
  readonly #encoded: Centred
  readonly #cross = new Map<Targets, Matrix>() // Σht [k][f]
  readonly #factors = new Map<number, Float64Array>() // by α, of Σhh + αI [k][k]

  constructor(samples: Samples) {
    const { train } = samples
    this.samples = samples
    this.k = widthOf(train.representation, train.rows)
    this.#encoded = centred(train.representation, train.rows, this.k)
    this.means = this.#encoded.means
    this.covariance = covariance(this.#encoded)
    this.floor = samples.floor ?? noiseFloor(train.x, train.rows)
    this.relative = RELATIVE * meanVariance(this.covariance)
  }

  /** R² of targets on the test samples, [f]. @param train, test row-major [rows][f] */
  explained(train: ArrayLike<number>, test: ArrayLike<number>, strength: number): number[] {
    const targets = this.#targets(train)
    const { rows } = this.samples.test
    return explained(test, rows, this.#predict(targets, strength), targets.means)
  }

  /** What a linear map makes of the test samples, [test rows][f]. */
  predicted(train: ArrayLike<number>, strength: number): Float64Array {
    const targets = this.#targets(train)
    const found = this.#predict(targets, strength)
    const f = targets.means.length
    for (let at = 0, c = 0; at < found.length; at++, c = c + 1 === f ? 0 : c + 1)
      found[at] = found[at]! + targets.means[c]!
    return found
  }

  /** |Cov(h, t)| / Var(t) of each target over the training samples, [f]; NaN for one that does not vary. */
  responses(train: ArrayLike<number>): number[] {
    const targets = this.#targets(train)
    const cross = this.#crossWith(targets)
    return Array.from(targets.variances, (variance, c) => {
      let squares = 0
      for (let i = 0; i < this.k; i++) squares += cross.data[i * cross.cols + c]! ** 2
      return variance === 0 ? Number.NaN : Math.sqrt(squares) / variance
    })
  }

  #targets(values: ArrayLike<number>): Targets {
    return targetsOf(values, this.samples.train.rows)
  }

  #crossWith(targets: Targets): Matrix {
    const found = this.#cross.get(targets) ?? crossCovariance(this.#encoded, targets)
    this.#cross.set(targets, found)
    return found
  }

  #factor(strength: number): Float64Array {
    const found = this.#factors.get(strength) ?? factorised(this.covariance, strength)
    this.#factors.set(strength, found)
    return found
  }

  #predict(targets: Targets, strength: number): Float64Array {
    const map = ridge(this.#factor(strength), this.#crossWith(targets))
    const { test } = this.samples
    return fitted(test.representation, test.rows, this.means, map)
  }
}
