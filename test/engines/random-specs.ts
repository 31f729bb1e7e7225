import { fillUniforms } from '../../src/data/philox.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'

/** The stream of these draws, which no engine has. */
const STREAM = 9999

/** A way to draw the choices of one case. */
export class Dice {
  readonly #key: { seed: number; step: number; stream: number }
  #next = 0

  constructor(seed: number) {
    this.#key = { seed, step: 0, stream: STREAM }
  }

  /** Uniform in [low, high). */
  number(low: number, high: number): number {
    const out = new Float64Array(1)
    fillUniforms(out, this.#key, this.#next++)
    return low + (high - low) * out[0]!
  }

  /** A whole number from low to high, both possible. */
  whole(low: number, high: number): number {
    return Math.floor(this.number(low, high + 1))
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)] as T
  }

  list(length: number, low: number, high: number): number[] {
    return Array.from({ length }, () => this.number(low, high))
  }
}

type Mode = ExperimentSpec['training']['mode']

/** A short run of any shape, start, schedule and data that deep linear runs have; the seed decides all of it. */
export function randomSpec(seed: number, mode: Mode): ExperimentSpec {
  const dice = new Dice(seed)
  const depth = dice.whole(1, 8)
  const features = dice.pick([1, 2, 3, 4, 5, 7, 8, 12, 17])
  const width = dice.pick([features, features, features + 1, features + 5])
  return {
    objective: dice.pick(['jepa', 'mae']),
    data: randomData(dice, features),
    model: { kind: 'deep-linear', depth, width },
    init: {
      kind: dice.pick(['balanced', 'gaussian', 'orthogonal']),
      scale: dice.number(0.05, 0.6),
      noise: dice.pick([0, 0, 0.2]),
    },
    training: randomTraining(dice, mode, features),
    measure: { points: dice.whole(2, 20), schedule: dice.pick(['log', 'linear']) },
    seed: dice.whole(0, 1e6),
  }
}

function randomData(dice: Dice, features: number): ExperimentSpec['data'] {
  const lambda = dice.list(features, 0.4, 1.2)
  if (dice.whole(0, 2) > 0) {
    const rotation = dice.pick([{ kind: 'identity' }, { kind: 'haar', seed: dice.whole(0, 99) }] as const)
    return { kind: 'gaussian', lambda, rho: dice.list(features, 0.4, 0.95), rotation }
  }
  // Sxx diagonally dominant, Syx anything small beside it: nothing commutes.
  const square = (low: number, high: number) =>
    Array.from({ length: features }, () => dice.list(features, low, high))
  const off = square(-0.3 / features, 0.3 / features)
  const Sxx = off.map((row, i) => row.map((x, j) => (i === j ? 1 + lambda[i]! : x + off[j]![i]!)))
  const Syx = square(-0.4 / features, 0.4 / features).map((row, i) =>
    row.map((x, j) => (i === j ? lambda[i]! : x)),
  )
  return { kind: 'covariance', Sxx, Syx }
}

function randomTraining(dice: Dice, mode: Mode, features: number): ExperimentSpec['training'] {
  if (mode === 'flow') return { mode, time: dice.number(1, 40) }
  const steps = dice.whole(1, 150)
  const common = {
    learningRate: dice.number(0.01, 0.08),
    steps,
    momentum: dice.pick([0, 0, 0.5]),
    schedule: dice.pick([
      'constant',
      'constant',
      { kind: 'cosine', warmup: 5, final: 0.1 },
      { kind: 'steps', at: [Math.ceil(steps / 2)], factor: 0.5 },
    ] as const),
  }
  if (mode === 'gradient-descent') return { mode, ...common } as ExperimentSpec['training']
  const batchSize = dice.whole(Math.max(4, features), 4 * features + 4)
  return { mode, ...common, batchSize, draws: dice.pick(['auto', 'samples']) } as ExperimentSpec['training']
}
