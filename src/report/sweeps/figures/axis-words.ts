import { formatShort } from '../../ticks.ts'

/** Paths of a spec in the words and the letters of the theory. All are numbers without a unit, but where one is named. */
interface Words {
  readonly title: string
  readonly symbol: string
}

const FIELDS: Readonly<Record<string, Words>> = {
  objective: { title: 'objective', symbol: 'objective' },
  seed: { title: 'seed', symbol: 'seed' },
  'model.depth': { title: 'depth L (layers of the encoder)', symbol: 'L' },
  'model.width': { title: 'width of the layers', symbol: 'width' },
  'init.scale': { title: 'scale of the start ε', symbol: 'ε' },
  'init.noise': { title: 'noise of the start, relative to a layer', symbol: 'noise' },
  init: { title: 'start', symbol: 'start' },
  'init.kind': { title: 'start', symbol: 'start' },
  'training.learningRate': { title: 'learning rate η', symbol: 'η' },
  'training.batchSize': { title: 'batch size B (samples)', symbol: 'B' },
  'training.momentum': { title: 'momentum μ', symbol: 'μ' },
  'training.steps': { title: 'end of training (steps)', symbol: 'steps' },
  'training.time': { title: 'end of training T (flow time)', symbol: 'T' },
  'measure.fraction': { title: 'share p of the fixed point that counts as learned', symbol: 'p' },
  commutator: { title: 'commutator of Σxx and Σyx (0: the theory applies)', symbol: 'commutator' },
  'data.keep': { title: 'share of pixels kept q', symbol: 'q' },
  'data.lag': { title: 'lag Δ (time steps)', symbol: 'Δ' },
  'data.rank': { title: 'rank of the projections', symbol: 'rank' },
}

const OF_FEATURE: Readonly<Record<string, Words>> = {
  lambda: { title: 'covariance λ', symbol: 'λ' },
  rho: { title: 'regression coefficient ρ', symbol: 'ρ' },
  sigmaY2: { title: 'variance σ_y²', symbol: 'σ_y²' },
  alpha: { title: 'signal variance α', symbol: 'α' },
  nu: { title: 'noise variance ν', symbol: 'ν' },
  keep: { title: 'share kept q', symbol: 'q' },
  gamma: { title: 'autocorrelation γ', symbol: 'γ' },
}

const SUBSCRIPT = '₀₁₂₃₄₅₆₇₈₉'

function wordsOf(path: string): Words {
  const known = FIELDS[path]
  if (known !== undefined) return known
  const [, list = '', index = ''] = /^data\.(\w+)\.(\d+)$/.exec(path) ?? []
  const words = OF_FEATURE[list]
  if (words === undefined) return { title: path, symbol: path.split('.').at(-1) ?? path }
  const small = index.replaceAll(/\d/g, (digit) => SUBSCRIPT[Number(digit)]!)
  return { title: `${words.title} of feature ${index}`, symbol: `${words.symbol}${small}` }
}

/** depth L (layers of the encoder) */
export function axisTitle(path: string): string {
  return wordsOf(path).title
}

/** ε = 0.01; where the values are names, the name alone. */
export function settingInWords({ name, kind }: { name: string; kind: string }, label: string): string {
  return kind === 'names' ? label : `${wordsOf(name).symbol} = ${label}`
}

/** A value of an axis on one short line. */
export function valueInWords(value: unknown): string {
  if (typeof value === 'number') return formatShort(value)
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(valueInWords).join(' ')
  if (typeof value === 'object' && value !== null) return Object.values(value).map(valueInWords).join(', ')
  return String(value)
}
