/** What the lanes suite measures: a row is one shape, timed on ours and on every peer. */
export interface DescentRow {
  readonly kind: 'descent' | 'sgd'
  readonly id: string
  readonly runs: number
  readonly features: number
  readonly depth: number
  /** Samples a batch; sgd alone. */
  readonly rows: number
  /** Ours must be so many times as fast as the best peer. */
  readonly target: number
}

export interface MlpRow {
  readonly kind: 'mlp'
  readonly id: string
  readonly runs: number
  /** 16-width-width-16. */
  readonly width: number
  readonly rows: number
  readonly target: number
}

export interface FlowRow {
  readonly kind: 'flow'
  readonly id: string
  readonly runs: number
  readonly features: number
  readonly depth: number
  readonly scale: number
  /** false: in the coordinates in which a balanced start is diagonal, as engine lanes runs it. true: layers turned. */
  readonly turned: boolean
  readonly target: number
}

export type Row = DescentRow | MlpRow | FlowRow

const DEPTH = 3

function descent(runs: number, features: number, target: number): DescentRow {
  return { kind: 'descent', id: `descent-${runs}x${features}`, runs, features, depth: DEPTH, rows: 0, target }
}

function sgd(rows: number): DescentRow {
  return { kind: 'sgd', id: `sgd-${rows}`, runs: 256, features: 16, depth: DEPTH, rows, target: 25 }
}

function mlp(width: number): MlpRow {
  return { kind: 'mlp', id: `mlp-${width}`, runs: 64, width, rows: 64, target: 3 }
}

function flow(power: number, turned = false): FlowRow {
  return {
    kind: 'flow',
    id: `flow-1e${power}${turned ? '-turned' : ''}`,
    runs: 8,
    features: 4,
    depth: DEPTH,
    scale: 10 ** power,
    turned,
    target: 1,
  }
}

/** Every row of the suite. The targets are those that the kernels were built to. */
export const ROWS: readonly Row[] = [
  ...[256, 16].flatMap((runs) =>
    [4, 8, 16, 32, 64, 128].map((d) => descent(runs, d, d <= 8 ? 10 : d === 16 ? 6 : 3)),
  ),
  ...[4, 16, 64, 256, 512, 1024].map((d) => descent(1, d, d <= 256 ? 2 : 1)),
  sgd(64),
  sgd(512),
  ...[-3, -4, -5, -6].map((power) => flow(power)),
  ...[-3, -4, -5, -6].map((power) => flow(power, true)),
  mlp(16),
  mlp(64),
]

const QUICK = [
  'descent-256x4',
  'descent-256x16',
  'descent-16x64',
  'descent-1x64',
  'sgd-64',
  'flow-1e-3',
  'mlp-16',
]

/**
 * @param words parts of ids, any of which a row must have; none: all rows
 * @throws Error naming the rows where a word fits none
 */
export function chooseRows(words: readonly string[], quick: boolean): Row[] {
  for (const word of words) {
    if (ROWS.some(({ id }) => id.includes(word))) continue
    throw new Error(`No row has "${word}" in its name; there are ${ROWS.map(({ id }) => id).join(', ')}.`)
  }
  if (words.length > 0) return ROWS.filter(({ id }) => words.some((word) => id.includes(word)))
  return ROWS.filter(({ id }) => !quick || QUICK.includes(id))
}
