/** Layers of one run's network; every layer but the last is followed by relu and has biases. */
export type Model =
  | { readonly kind: 'mlp'; readonly sizes: readonly number[] }
  | {
      readonly kind: 'convolutional'
      readonly side: number
      /** Of 3 × 3 filters of stride 2, "same" padding. */
      readonly channels: readonly number[]
      readonly outputs: number
    }

/** What the compiled suite measures: a network trained by sgd with momentum, timed on ours and on every peer. */
export interface NetworkRow {
  readonly kind: 'network'
  readonly id: string
  readonly title: string
  /**
   * jepa: the network is the encoder of both views, a linear predictor follows it, the target has no gradient;
   * mae: the network maps x to y, its last layer is the decoder.
   */
  readonly objective: 'jepa' | 'mae'
  readonly model: Model
  readonly runs: number
  /** Samples of a batch. */
  readonly batch: number
  /** Our time must be at most so much of the best peer's; null: no goal was set. */
  readonly goal: number | null
}

/** Our time must be at most so much of eager tfjs's. */
export const GOAL_EAGER = 0.2
/** Batches that lie ready; step t takes number t mod BATCHES. */
export const BATCHES = 8
export const MOMENTUM = 0.9

const small: Model = { kind: 'mlp', sizes: [32, 64, 64, 32] }
const images: Model = { kind: 'convolutional', side: 28, channels: [8, 16], outputs: 64 }

function row(
  id: string,
  title: string,
  objective: 'jepa' | 'mae',
  model: Model,
  runs: number,
  goal: number | null,
): NetworkRow {
  return { kind: 'network', id, title, objective, model, runs, batch: 64, goal }
}

export const ROWS: readonly NetworkRow[] = [
  row('convolutional', 'convolutional JEPA, 28 × 28', 'jepa', images, 1, 0.7),
  row('convolutional-8', 'convolutional JEPA, 8 runs', 'jepa', images, 8, 0.5),
  row('mlp-32', 'MLP 32-64-64-32', 'mae', small, 1, null),
  row('mlp-32-8', 'MLP 32-64-64-32, 8 runs', 'mae', small, 8, null),
  row('mlp-32-64', 'MLP 32-64-64-32, 64 runs', 'mae', small, 64, 0.6),
  row('mlp-784', 'MLP 784-256-256-64, JEPA', 'jepa', { kind: 'mlp', sizes: [784, 256, 256, 64] }, 1, 0.9),
]

/** @throws Error naming the rows where a word fits none */
export function chooseRows(words: readonly string[]): NetworkRow[] {
  for (const word of words) {
    if (ROWS.some(({ id }) => id === word)) continue
    throw new Error(`There is no row "${word}", but ${ROWS.map(({ id }) => id).join(', ')}.`)
  }
  return ROWS.filter(({ id }) => words.length === 0 || words.includes(id))
}

/** A tensor of one run's weights; `fanIn` 0: it starts at 0. */
export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly fanIn: number
}

/** One run's weights, in the order in which they are written and compared. */
export function parametersOf({ model, objective }: Pick<NetworkRow, 'model' | 'objective'>): Parameter[] {
  const list: Parameter[] = []
  const dense = (index: number, from: number, to: number) => {
    list.push({ name: `w${index}`, shape: [from, to], fanIn: from }, bias(`b${index}`, to))
  }
  let outputs: number
  if (model.kind === 'mlp') {
    for (const [k, to] of model.sizes.slice(1).entries()) dense(k, model.sizes[k]!, to)
    outputs = model.sizes.at(-1)!
  } else {
    let [side, channels] = [model.side, 1]
    for (const [k, to] of model.channels.entries()) {
      list.push({ name: `c${k}`, shape: [3, 3, channels, to], fanIn: 9 * channels }, bias(`d${k}`, to))
      ;[side, channels] = [Math.ceil(side / 2), to]
    }
    outputs = model.outputs
    dense(0, side * side * channels, outputs)
  }
  if (objective === 'jepa') list.push({ name: 'p', shape: [outputs, outputs], fanIn: outputs })
  return list
}

function bias(name: string, size: number): Parameter {
  return { name, shape: [size], fanIn: 0 }
}

/** Shapes of one sample of x and of y. */
export function sampleShapes({ model, objective }: NetworkRow): {
  readonly x: number[]
  readonly y: number[]
} {
  if (model.kind === 'convolutional') {
    const image = [model.side, model.side, 1]
    return { x: image, y: image }
  }
  const x = [model.sizes[0]!]
  return { x, y: objective === 'jepa' ? x : [model.sizes.at(-1)!] }
}
