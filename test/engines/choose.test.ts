import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openProblem } from '../../src/data/open-problem.ts'
import { estimateWork } from '../../src/dispatch/estimate.ts'
import {
  engineFaults,
  engineWithoutLanes,
  intendedEngine,
  LANES_LIMITS,
  REFERENCE_WIDTH,
  SAMPLES_WIDTH,
} from '../../src/experiment/engine-choice.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { findGpus } from '../../src/experiment/hardware.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { asLinear, type ResolvedSpec, resolveSpec } from '../../src/experiment/resolve.ts'
import type { SpectrumView } from '../../src/experiment/result-view.ts'
import { chooseEngine } from '../../workers/engines/choose.ts'
import { MAX_DEPTH, MAX_FEATURES, MAX_WIDTH } from '../../workers/engines/lanes/batch.ts'
import { lanesSkip } from './lanes.ts'
import { shortSpec } from './runs.ts'

const FEATURES = 3
const spec = (width: number, change: Partial<Parameters<typeof shortSpec>[0]> = {}): ResolvedSpec =>
  resolveSpec(shortSpec({ model: { kind: 'deep-linear', depth: 3, width }, ...change }), FEATURES)
const installation = readInstallation()
const withoutLanes = {
  ...installation,
  lanes: null,
  failures: { lanes: { fact: 'There is no C++ compiler.', remedy: 'Install g++.' } },
}
const skip =
  installation.tensorflow === null || installation.tensorflow.variant === 'off'
    ? 'engine tensorflow is missing'
    : false
const flow = { mode: 'flow' as const, time: 1 }
const descent = { mode: 'gradient-descent' as const, learningRate: 1, steps: 1 }
const double = { ...descent, precision: 'float64' as const }
const whole = { ...descent, precision: 'int8x3' as const }

it('auto takes lanes for every shape, mode and precision', { skip: lanesSkip }, async () => {
  for (const change of [{}, { training: flow }, { training: double }, { training: whole }]) {
    for (const width of [3, 128, LANES_LIMITS.width]) {
      assert.equal((await chooseEngine(spec(width, change))).name, 'lanes')
    }
  }
})

it('auto takes TensorFlow for wide runs by samples', () => {
  const samples = { mode: 'sgd' as const, learningRate: 1, steps: 1, batchSize: 8, draws: 'samples' as const }
  const meant = (width: number, change = {}) =>
    intendedEngine(spec(width, { training: { ...samples, ...change } }))
  assert.equal(meant(SAMPLES_WIDTH), 'lanes')
  assert.equal(meant(SAMPLES_WIDTH + 1), 'tensorflow')
  assert.equal(meant(SAMPLES_WIDTH + 1, { precision: 'float64' }), 'lanes')
  assert.equal(meant(SAMPLES_WIDTH + 1, { precision: 'int8x3' }), 'lanes')
  assert.equal(meant(SAMPLES_WIDTH + 1, { draws: 'moments' }), 'lanes')
})

it('the limits that specs are checked against are those of the kernels', () => {
  assert.deepEqual(LANES_LIMITS, { depth: MAX_DEPTH, width: MAX_WIDTH })
  assert.ok(MAX_FEATURES >= MAX_WIDTH) // a width is never below the features
})

it('without lanes auto takes the reference engine for small steps, flow and float64, and says why', async () => {
  const told: string[] = []
  const onMissing = ({ message }: ExperimentError) => told.push(message)
  const choose = async (asked: ResolvedSpec) =>
    (await chooseEngine(asked, { installation: withoutLanes, onMissing })).name
  assert.equal(await choose(spec(8)), 'reference')
  assert.equal(await choose(spec(200, { training: flow })), 'reference')
  assert.equal(await choose(spec(200, { training: double })), 'reference')
  assert.equal(told.length, 3)
  assert.match(told[0] ?? '', /lanes.*no C\+\+ compiler\. Install g\+\+/)
})

it('without lanes auto takes TensorFlow for large steps', { skip }, async () => {
  assert.equal(
    (await chooseEngine(spec(128, { device: 'cpu' }), { installation: withoutLanes })).name,
    'tensorflow',
  )
})

it('without lanes a run that needs them is refused with what the set-up said', async () => {
  for (const change of [{ engine: 'lanes' as const }, { training: whole }]) {
    const asked = chooseEngine(spec(8, change), { installation: withoutLanes })
    await assert.rejects(asked, hasCode('ENGINE_UNAVAILABLE', /lanes.*no C\+\+ compiler\. Install g\+\+/))
  }
})

it('int8x3 is for lanes on the CPU alone, and each refusal names the field to change', () => {
  const faults = (change: object) => engineFaults(spec(8, { training: whole, ...change }))
  assert.deepEqual([faults({}), faults({ engine: 'lanes' })], [[], []])
  for (const [change, pointer, message] of [
    [{ engine: 'tensorflow' }, '/engine', /in float32 and has no int8x3; ask for auto or lanes/],
    [{ engine: 'reference' }, '/engine', /in float64 and has no int8x3; ask for auto or lanes/],
    [{ device: 'cuda' }, '/device', /int8x3 is computed on the CPU; ask for device auto/],
    [{ device: 'cuda', engine: 'lanes' }, '/device', /int8x3 is computed on the CPU; ask for device auto/],
  ] as const) {
    const [fault, ...more] = faults(change)
    assert.deepEqual([fault?.pointer, more], [pointer, []])
    assert.match(fault?.message ?? '', message)
  }
})

it('workers and estimates see the same engine in a spec', async () => {
  for (const depth of [1, 8]) {
    const at = (width: number, device: 'auto' | 'cuda' = 'auto') =>
      resolveSpec(shortSpec({ model: { kind: 'deep-linear', depth, width }, device }), FEATURES)
    assert.equal(intendedEngine(at(8)), 'lanes')
    assert.equal(intendedEngine(at(8, 'cuda')), 'tensorflow')
    assert.equal(engineWithoutLanes(at(REFERENCE_WIDTH)), 'reference')
    assert.equal(engineWithoutLanes(at(REFERENCE_WIDTH + 1)), 'tensorflow')
    const problem = await openProblem(at(8).data)
    const spectrum = problem.spectrum as unknown as SpectrumView
    const memory = (asked: ResolvedSpec) => estimateWork(asLinear(asked), spectrum).memoryBytes
    assert.ok(memory(at(REFERENCE_WIDTH + 1)) < 200e6, `depth ${depth}`) // without TensorFlow's 450 MB
    assert.ok(memory(at(REFERENCE_WIDTH + 1, 'cuda')) > 450e6, `depth ${depth}`)
  }
})

it('a shape past the limits of lanes is refused to it with the numbers, and auto goes elsewhere', () => {
  const { width, depth } = LANES_LIMITS
  const large = { ...spec(8), model: { kind: 'deep-linear' as const, depth: depth + 1, width: width + 1 } }
  const [fault, ...more] = engineFaults({ ...large, engine: 'lanes' })
  assert.deepEqual([fault?.pointer, more], ['/engine', []])
  assert.match(fault?.message ?? '', /up to 8 and widths up to 1024, and this model has 9 and 1025/)
  assert.equal(intendedEngine(large), 'tensorflow')
  assert.deepEqual(engineFaults(spec(width, { engine: 'lanes' })), [])
})

it('flow on TensorFlow is refused with the reason', { skip }, async () => {
  const asked = spec(8, { engine: 'tensorflow', device: 'cpu', training: flow })
  await assert.rejects(chooseEngine(asked), hasCode('ENGINE_UNAVAILABLE', /float32/))
})

const noGpu = findGpus().names.length > 0 ? 'this machine has a GPU' : false
it('device cuda without a GPU is refused with the remedy', { skip: noGpu }, async () => {
  await assert.rejects(
    chooseEngine(spec(8, { device: 'cuda' })),
    hasCode('CUDA_UNAVAILABLE', /0 GPUs.*driver/),
  )
})

function hasCode(code: string, sentence: RegExp) {
  return (error: unknown) =>
    error instanceof ExperimentError && error.code === code && sentence.test(error.message)
}
