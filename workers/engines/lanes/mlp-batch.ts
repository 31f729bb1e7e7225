import type { Choice, OBJECTIVE, PRECISION } from './batch.ts'

/**
 * A batch of small multilayer perceptrons, field for field as native/lanes/mlp/mlp.h has it: there stand the
 * meaning and the shape of each. Arrays are the caller's, as those of `Batch` are.
 */
export interface MlpBatch {
  readonly objective: Choice<typeof OBJECTIVE>
  readonly activation: Choice<typeof ACTIVATION>
  /** 1: the encoder's last layer has no activation. */
  readonly linearTop: 0 | 1
  readonly bias: 0 | 1
  readonly precision: Choice<Pick<typeof PRECISION, 'compensated' | 'float32'>>
  readonly threads: number
  readonly runs: number
  readonly layers: number
  readonly width: readonly number[] // [layers + 1], the input first
  readonly outputs: number
  /** Samples a batch. */
  readonly rows: number
  /** 0: `x` and `y` serve all runs; 1: each run has its own. */
  readonly ownData: 0 | 1
  readonly samples: number
  readonly budget: number

  readonly x: Float32Array // [N][n0] or [R][N][n0]
  readonly y: Float32Array // [N][outputs], or [N][n0] with JEPA; or [R] of them
  readonly seed: BigInt64Array // [R]
  readonly rate: Float64Array // [R]
  readonly end: BigInt64Array // [R]

  readonly weights: Float64Array // [R][weights]
  readonly carry: Float64Array | null // [R][weights]
  readonly step: BigInt64Array // [R]

  readonly loss: Float64Array | null // [R][budget]
  readonly status: Int32Array // [R]
  readonly lost: Float64Array // [R][2]
  readonly cancel: Int32Array | null
}

export const ACTIVATION = { linear: 0, tanh: 1, relu: 2 } as const
