import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'
import { product } from './case.ts'
import type { Weights } from './network.ts'
import { BATCHES, type NetworkRow, type Parameter, parametersOf, sampleShapes } from './rows.ts'

/** A case as tensors of tfjs. The caller disposes of what it is given. */
export class CaseTensors {
  readonly row: NetworkRow
  readonly parameters: readonly Parameter[]
  private readonly tf: Tfjs
  private readonly arrays: Readonly<Record<'x' | 'y' | 'weights', Float32Array>>

  constructor(tf: Tfjs, casePath: string) {
    const folder = dirname(casePath)
    this.tf = tf
    this.row = JSON.parse(readFileSync(casePath, 'utf8')) as NetworkRow
    this.parameters = parametersOf(this.row)
    const read = (name: string) => {
      const bytes = readFileSync(join(folder, `${name}.f64`))
      return Float32Array.from(
        new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
      )
    }
    this.arrays = { x: read('x'), y: read('y'), weights: read('weights') }
  }

  /** One run's batches: [batches, batch, …], or cut into so many parts each: [batches · parts, batch / parts, …]. */
  batches(name: 'x' | 'y', run: number, parts = 1): Tensor {
    const { batch, runs } = this.row
    const shape = [BATCHES * parts, batch / parts, ...sampleShapes(this.row)[name]]
    const size = this.arrays[name].length / runs
    return this.tf.tensor(this.arrays[name].slice(run * size, (run + 1) * size), shape)
  }

  /** Batches of R runs: [batches, R, batch, …]. */
  batchesOf(name: 'x' | 'y', runs: readonly number[]): Tensor {
    const { tf } = this
    return tf.tidy(() => {
      const each = runs.map((run) => this.batches(name, run))
      return tf.stack(each, 1)
    })
  }

  /** One run's start. */
  weights(run: number): Weights {
    const size = this.arrays.weights.length / this.row.runs
    let at = run * size
    const list = this.parameters.map(({ name, shape }) => {
      const values = this.arrays.weights.slice(at, at + product(shape))
      at += values.length
      return [name, this.tf.tensor(values, [...shape])] as const
    })
    return Object.fromEntries(list)
  }

  /** Starts of R runs: [R, in, out], biases [R, out] or, as rows that a batch is added to, [R, 1, out]. */
  weightsOf(runs: readonly number[], biasesAreRows: boolean): Weights {
    const { tf } = this
    const each = runs.map((run) => this.weights(run))
    const all = this.parameters.map(({ name, shape }) => {
      const own = biasesAreRows && shape.length === 1 ? [1, ...shape] : [...shape]
      const stacked = tf.tidy(() => tf.stack(each.map((weights) => tf.reshape(weights[name]!, own))))
      return [name, stacked] as const
    })
    tf.dispose(each)
    return Object.fromEntries(all)
  }

  zeros(like: Weights): Weights {
    return Object.fromEntries(Object.entries(like).map(([name, one]) => [name, this.tf.zerosLike(one)]))
  }

  /** [R][weights] of groups of runs, whose weights lie one run after the other. */
  flat(groups: readonly { readonly runs: readonly number[]; readonly weights: Weights }[]): Float64Array {
    const out = new Float64Array(this.arrays.weights.length)
    const perRun = out.length / this.row.runs
    for (const { runs, weights } of groups) {
      let at = 0
      for (const { name, shape } of this.parameters) {
        const [values, size] = [weights[name]!.dataSync(), product(shape)]
        for (const [k, run] of runs.entries()) {
          out.set(values.subarray(k * size, (k + 1) * size), run * perRun + at)
        }
        at += size
      }
    }
    return out
  }
}
