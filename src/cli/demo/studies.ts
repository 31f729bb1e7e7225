import type { ExperimentSpec, Objective } from '../../experiment/spec.ts'

/** One comparison of the demo: JEPA and MAE twins on the same data, in one or more settings. */
export interface Study {
  readonly name: string // also the name of its figures
  readonly title: string
  readonly question: string
  readonly settings: readonly Setting[]
}

/** The twins of one setting. `time` is left out in flow: the demo asks the theory how long to train. */
export interface Setting {
  readonly label: string
  readonly spec: (objective: Objective) => ExperimentSpec
}

/** λ falls as ρ rises: docs/theory.md §8, Fig 2(c,f). */
const inverted = { kind: 'gaussian' as const, lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9] }
const equalLambda = { kind: 'gaussian' as const, lambda: [1, 1, 1, 1], rho: [0.9, 0.7, 0.5, 0.35] }
const fallingLambda = { kind: 'gaussian' as const, lambda: [2, 1, 0.5, 0.25], rho: [1, 1, 1, 1] }

function flow(data: ExperimentSpec['data'], depth: number, scale: number): Setting['spec'] {
  return (objective) => ({
    objective,
    data,
    model: { kind: 'deep-linear', depth },
    init: { kind: 'balanced', scale },
    training: { mode: 'flow', time: 1 },
    tags: ['demo'],
  })
}

/** How long each objective trains on the digits, in flow time: enough for the leading features. */
const DIGITS_TIME = { jepa: 75, mae: 5 }

/** Noise of a tenth of a pixel's variance; above power 0 it is loudest along the leading components. */
function digits(power: number): Setting['spec'] {
  return (objective) => ({
    objective,
    data: { kind: 'images', dataset: 'mnist', resolution: 7, views: { kind: 'noise', nu: 0.1, power } },
    model: { kind: 'deep-linear', depth: 5 },
    init: { kind: 'balanced', scale: 0.02 },
    training: { mode: 'sgd', learningRate: 0.03, batchSize: 256, time: DIGITS_TIME[objective] },
    engine: 'tensorflow',
    tags: ['demo'],
  })
}

export const studies: readonly Study[] = [
  {
    name: 'inversion',
    title: 'Order inversion',
    question: 'λ falls while ρ rises. Which feature is learned first?',
    settings: [
      { label: 'depth 4, ε = 1e-4', spec: flow(inverted, 4, 1e-4) },
      { label: 'depth 1, ε = 1e-4', spec: flow(inverted, 1, 1e-4) },
    ],
  },
  {
    name: 'depth',
    title: 'Depth widens the gap',
    question: 'All λ are equal. How far apart does ρ alone pull the features?',
    settings: [1, 2, 3, 4].map((depth) => ({
      label: `depth ${depth}, ε = 1e-4`,
      spec: flow(equalLambda, depth, 1e-4),
    })),
  },
  {
    name: 'scale',
    title: 'Small starts learn one feature at a time',
    question: 'λ falls, ρ = 1. How greedy is learning from a large, a middle and a small start?',
    settings: [0.4, 0.05, 0.001].map((scale) => ({
      label: `depth 3, ε = ${scale}`,
      spec: flow(fallingLambda, 3, scale),
    })),
  },
  {
    name: 'digits',
    title: 'The same on real images, by SGD in TensorFlow',
    question: 'Digits seen through equal noise, then through noise that is loudest where digits differ most.',
    settings: [
      { label: 'equal noise', spec: digits(0) },
      { label: 'noise on top', spec: digits(8) },
    ],
  },
]
