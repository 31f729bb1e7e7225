/**
 * The batch that a call of the lanes kernels trains, field for field as native/lanes/lanes.h has it: there stand
 * the meaning and the shape of each. Arrays are the caller's: they must stay whole (not transferred) and are
 * written until the call's promise settles. `null` where the mode needs none.
 */
export interface Batch {
  readonly objective: Choice<typeof OBJECTIVE>
  readonly mode: Choice<typeof MODE>
  readonly form: Choice<typeof FORM>
  readonly precision: Choice<typeof PRECISION>
  readonly layout: Choice<typeof LAYOUT>
  readonly threads: number
  readonly runs: number
  readonly depth: number
  readonly features: number
  readonly width: number
  /** Samples a batch, MODE.moments. */
  readonly rows: number
  /** 0: `rate` is [R]; 1: [R][budget]. */
  readonly rateTable: 0 | 1
  readonly rungs: number
  readonly points: number
  readonly capacity: number
  readonly budget: number

  readonly sxx: Float64Array // [R][d]
  readonly syx: Float64Array // form: [R][d] or [R][d][d]
  readonly syy: Float64Array | null // [R][d][d]
  readonly directions: Float64Array | null // [R][d][d]
  readonly slope: Float64Array | null // form
  readonly noise: Float64Array | null // form
  readonly batchSxx: Float64Array | null // [R][budget][d][d]
  readonly batchSyx: Float64Array | null // [R][budget][d][d]
  readonly seed: BigInt64Array | null // [R]

  readonly rate: Float64Array | null // [R] or [R][budget]
  readonly momentum: Float64Array | null // [R]
  readonly end: Float64Array // [R]

  readonly weights: Float64Array // [R][weights]
  readonly carry: Float64Array | null // [R][weights]
  readonly velocity: Float64Array | null // [R][weights]
  readonly integrator: Float64Array | null // [R][INTEGRATOR]
  readonly step: BigInt64Array // [R]
  readonly time: Float64Array | null // [R]

  readonly ladder: Float64Array // [rungs]
  readonly above: Int32Array // [R][d]
  readonly below: Int32Array // [R][d]
  readonly looked: Float64Array // [R][d]
  readonly lookedAt: Float64Array // [R]
  readonly point: Float64Array // [R][points]
  readonly nextPoint: Int32Array // [R]
  readonly row: Float64Array // [R][points][1 + d]
  readonly rowStep: BigInt64Array | null // [R][points]
  /** [R][capacity][PASSAGE]: read them with `passagesOf`. */
  readonly passage: Float64Array
  readonly passages: Int32Array // [R]

  readonly status: Int32Array // [R]
  readonly lost: Float64Array // [R][2]
  readonly evaluations: BigInt64Array | null // [R]
  /** One element; the call stops soon after it is set. It may lie in shared memory. */
  readonly cancel: Int32Array | null
}

export type Choice<Table extends Readonly<Record<string, number>>> = Table[keyof Table]

export const OBJECTIVE = { jepa: 0, mae: 1 } as const
export const MODE = { flow: 0, descent: 1, moments: 2, given: 3 } as const
export const FORM = { diagonal: 0, full: 1 } as const
export const PRECISION = { compensated: 0, float32: 1, float64: 2, int8x3: 3 } as const
export const LAYOUT = { auto: 0, lanes: 1, matrix: 2, team: 3, braid: 4 } as const
/** What became of a run, in `status`. */
export const STATUS = { going: 0, done: 1, lost: 2, stuck: 3, badRun: 4 } as const
/** What a call came to. */
export const CODE = {
  ok: 0,
  cancelled: 1,
  badVersion: 2,
  badShape: 3,
  badMode: 4,
  badPointer: 5,
  noMemory: 6,
  noDevice: 7,
} as const

export type LanesLayout = Choice<typeof LAYOUT>
export type LanesCode = Choice<typeof CODE>

/** Doubles of one run in `integrator`. */
export const INTEGRATOR = 16
/** Doubles of one entry of `passage`. */
export const PASSAGE = 4
/** Limits of a shape. */
export const MAX_DEPTH = 8
export const MAX_FEATURES = 1024
export const MAX_WIDTH = 1024

/** An amplitude passed a rung at from + fraction · (to − from), in steps or flow time. */
export interface Passage {
  readonly feature: number
  /** Index in `ladder`. */
  readonly rung: number
  readonly from: number
  readonly to: number
  readonly fraction: number
}

type Passed = Pick<Batch, 'passage' | 'passages' | 'capacity'>

/** The passages of one run in the call just made. */
export function passagesOf(batch: Passed, run: number): Passage[] {
  const all: Passage[] = []
  eachPassage(batch, run, (feature, rung, from, to, fraction) =>
    all.push({ feature, rung, from, to, fraction }),
  )
  return all
}

/** Tells the passages of one run in the call just made, without an object for each. */
export function eachPassage(
  { passage, passages, capacity }: Passed,
  run: number,
  tell: (feature: number, rung: number, from: number, to: number, fraction: number) => void,
): void {
  const first = PASSAGE * run * capacity
  const numbers = passage.subarray(first, first + PASSAGE * passages[run]!)
  const whole = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length)
  for (let at = 0; at < numbers.length; at += PASSAGE) {
    tell(whole[2 * at]!, whole[2 * at + 1]!, numbers[at + 1]!, numbers[at + 2]!, numbers[at + 3]!)
  }
}
