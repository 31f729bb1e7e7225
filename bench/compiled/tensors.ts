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

  /** All runs' batches: [batches, R, batch, …]. */
  batchesOfAll(name: 'x' | 'y'): Tensor {
    const { tf } = this
    return tf.tidy(() => {
      const each = Array.from({ length: this.row.runs }, (_, run) => this.batches(name, run))
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

  /** All runs' starts: [R, in, out], biases [R, 1, out]. */
  weightsOfAll(): Weights {
    const { tf } = this
    const runs = Array.from({ length: this.row.runs }, (_, run) => this.weights(run))
    const all = this.parameters.map(({ name, shape }) => {
      const stacked = tf.tidy(() => {
        const each = runs.map((weights) =>
          tf.reshape(weights[name]!, shape.length === 1 ? [1, ...shape] : [...shape]),
        )
        return tf.stack(each)
      })
      return [name, stacked] as const
    })
    tf.dispose(runs)
    return Object.fromEntries(all)
  }

  zeros(like: Weights): Weights {
    return Object.fromEntries(Object.entries(like).map(([name, one]) => [name, this.tf.zerosLike(one)]))
  }

  /** [R][weights] of runs' weights, one after the other or in one tensor each. */
  flat(weights: Weights | readonly Weights[]): Float64Array {
    const { runs } = this.row
    const parts = this.parameters.map(({ name, shape }) => {
      const values = Array.isArray(weights)
        ? weights.map((one: Weights) => one[name]!.dataSync())
        : [(weights as Weights)[name]!.dataSync()]
      return { values, size: product(shape) }
    })
    const out = new Float64Array(this.arrays.weights.length)
    let at = 0
    for (let run = 0; run < runs; run++) {
      for (const { values, size } of parts) {
        const from = values.length === 1 ? values[0]!.subarray(run * size, (run + 1) * size) : values[run]!
        out.set(from, at)
        at += size
      }
    }
    return out
  }
}
