import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openProblem } from '../../src/data/open-problem.ts'
import { estimateWork } from '../../src/dispatch/estimate.ts'
import { warningsOf } from '../../src/dispatch/warnings.ts'
import { asLinear, resolveSpec } from '../../src/experiment/resolve.ts'
import type { SpectrumView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'
import { chooseEngine } from '../../workers/engines/choose.ts'
import { trainRun } from '../../workers/run-cohort.ts'
import { lanesSkip } from '../engines/lanes.ts'

const sound: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.8], rho: [0.6, 0.8] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 1e-2 },
  training: { mode: 'gradient-descent', learningRate: 0.05, time: 1500 },
}

async function open(change: Partial<ExperimentSpec>) {
  const asked = { ...sound, ...change }
  const problem = await openProblem(asked.data)
  return {
    problem,
    spec: resolveSpec(asked, problem.features),
    spectrum: problem.spectrum as unknown as SpectrumView,
  }
}

async function warn(change: Partial<ExperimentSpec>) {
  const { spec, spectrum } = await open(change)
  return warningsOf(spec, spectrum).map(({ code, pointer, message }) => ({ code, pointer, message }))
}

const codes = async (change: Partial<ExperimentSpec>) => (await warn(change)).map((each) => each.code)
const descent = (change: object): ExperimentSpec['training'] =>
  ({ mode: 'gradient-descent', learningRate: 0.05, time: 1500, ...change }) as ExperimentSpec['training']

it('a sound run carries no warning', async () => {
  assert.deepEqual(await warn({}), [])
})

it('the learning rate warns on one side of the bound and not on the other', async () => {
  const { spectrum } = await open({})
  const bound = maxStableLearningRate('jepa', spectrum.sigma2, spectrum.lambda, 2)
  assert.deepEqual(await codes({ training: descent({ learningRate: 0.99 * bound }) }), [])
  const [warning] = await warn({ training: descent({ learningRate: 1.01 * bound }) })
  assert.deepEqual([warning?.code, warning?.pointer], ['LEARNING_RATE_UNSTABLE', '/training/learningRate'])
  assert.ok(warning?.message.includes(String(Number(bound.toPrecision(3)))), warning?.message)
})

it('plain float32 warns where it stalls and where it loses digits, compensated never', async () => {
  const depth = { kind: 'deep-linear', depth: 3 } as const
  const at = (precision: string, scale: number) =>
    codes({ model: depth, init: { kind: 'balanced', scale }, training: descent({ precision, time: 1e12 }) })
  assert.deepEqual(await at('float32', 1e-4), ['FLOAT32_STALL']) // .04 · 1e-4^(5/3) = 9e-9
  assert.deepEqual(await at('float32', 1e-3), ['FLOAT32_INACCURATE']) // 4e-7
  assert.deepEqual(await at('float32', 0.05), []) // 3e-4
  assert.deepEqual(await at('compensated', 1e-4), [])
})

/** The flow time at which the sound run's slowest feature is learned. */
function slowestTime(): number {
  const times = [0.6, 0.8].map((rho, i) =>
    criticalTime('jepa', { depth: 2, lambda: [1, 0.8][i]!, rho, scale: 1e-2, fraction: 0.5 }),
  )
  return Math.max(...times)
}

it('a run warns when it ends before its slowest feature, with the time that it needs', async () => {
  const slowest = slowestTime()
  assert.deepEqual(await codes({ training: { mode: 'flow', time: 1.01 * slowest } }), [])
  const [warning] = await warn({ training: { mode: 'flow', time: 0.99 * slowest } })
  assert.deepEqual([warning?.code, warning?.pointer], ['RUN_TOO_SHORT', '/training/time'])
  assert.ok(warning?.message.includes(String(Number(slowest.toPrecision(3)))), warning?.message)
})

it('momentum shortens the time that a run needs by 1 − μ, and the warning reckons with it', async () => {
  const slowest = slowestTime()
  const heavy = (share: number) =>
    codes({ training: descent({ momentum: 0.9, time: share * 0.1 * slowest, learningRate: 0.01 }) })
  assert.deepEqual(await heavy(1.05), ['MOMENTUM_OUTSIDE_THEORY'])
  assert.deepEqual(await heavy(0.95), ['MOMENTUM_OUTSIDE_THEORY', 'RUN_TOO_SHORT'])
})

it('a float32 warning tells where the run is spared because its engine computes in float64', async () => {
  const at = async (engine: 'reference' | 'tensorflow' | 'lanes') => {
    const init = { kind: 'balanced', scale: 1e-5 } as const
    const [first] = await warn({ engine, init, training: descent({ precision: 'float32', time: 1e12 }) })
    return [first?.code, /in float64 whatever is asked/.test(first?.message ?? '')]
  }
  assert.deepEqual(await at('reference'), ['FLOAT32_STALL', true])
  assert.deepEqual(await at('tensorflow'), ['FLOAT32_STALL', false])
  assert.deepEqual(await at('lanes'), ['FLOAT32_STALL', false])
})

it('features that cannot be learned are named with their pointer', async () => {
  const data = { kind: 'gaussian', lambda: [1, -0.2], rho: [0.6, -0.1] } as const
  const [never] = await warn({ data: { ...data, lambda: [...data.lambda], rho: [...data.rho] } })
  assert.deepEqual([never?.code, never?.pointer], ['FEATURE_NEVER_LEARNED', '/data/lambda/1'])
  const [still] = await warn({ init: { kind: 'balanced', scale: 0.2 } }) // .2 ≥ .5 · .6² = .18
  assert.deepEqual([still?.code, still?.pointer], ['FEATURE_NOT_GROWING', '/init/scale'])
})

it('data, starts and training outside the theory are told', async () => {
  const rotated = {
    kind: 'covariance',
    Sxx: [
      [2, 0],
      [0, 1],
    ],
    Syx: [
      [0.5, 0.2],
      [0.2, 0.5],
    ],
  } as ExperimentSpec['data']
  assert.ok((await codes({ data: rotated })).includes('NOT_COMMUTING'))
  assert.deepEqual(await codes({ init: { kind: 'gaussian', scale: 1e-2 } }), ['START_MAY_COLLAPSE'])
  assert.deepEqual(await codes({ init: { kind: 'gaussian', scale: 1e-2 }, objective: 'mae' }), [])
  assert.deepEqual(await codes({ training: descent({ momentum: 0.9, learningRate: 0.05 }) }), [
    'MOMENTUM_OUTSIDE_THEORY',
  ])
  const small = { mode: 'sgd', learningRate: 0.05, time: 1500, batchSize: 8 } as const
  assert.deepEqual(await codes({ training: small }), ['BATCH_SMALL'])
  assert.deepEqual(await codes({ training: { ...small, batchSize: 64 } }), [])
})

for (const engine of ['reference', 'lanes'] as const) {
  const skip = engine === 'lanes' ? lanesSkip : false
  for (const objective of ['jepa', 'mae'] as const) {
    it(`the estimate of ${objective} by flow is above ${engine}'s real steps, and not tenfold`, {
      skip,
    }, async () => {
      const time = objective === 'jepa' ? 3000 : 60
      for (const noise of [0, 0.1]) {
        const init = { kind: 'balanced' as const, scale: 1e-2, noise }
        const { spec, spectrum, problem } = await open({
          ...{ objective, engine, init, training: { mode: 'flow', time } },
        })
        const { signal } = new AbortController()
        const hands = { engine: await chooseEngine(spec), report() {}, signal }
        const { steps } = await trainRun(spec, problem, hands)
        const estimated = estimateWork(asLinear(spec), spectrum).steps
        assert.ok(estimated >= steps && estimated < 10 * steps, `noise ${noise}: ${estimated}, took ${steps}`)
      }
    })
  }
}
