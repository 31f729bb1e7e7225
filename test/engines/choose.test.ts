import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openProblem } from '../../src/data/open-problem.ts'
import { estimateWork } from '../../src/dispatch/estimate.ts'
import { REFERENCE_WIDTH } from '../../src/experiment/engine-choice.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { findGpus } from '../../src/experiment/hardware.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { type ResolvedSpec, resolveSpec } from '../../src/experiment/resolve.ts'
import type { SpectrumView } from '../../src/experiment/result-view.ts'
import { chooseEngine } from '../../workers/engines/choose.ts'
import { shortSpec } from './runs.ts'

const FEATURES = 3
const spec = (width: number, change: Partial<Parameters<typeof shortSpec>[0]> = {}): ResolvedSpec =>
  resolveSpec(shortSpec({ model: { kind: 'deep-linear', depth: 3, width }, ...change }), FEATURES)
const installed = readInstallation().tensorflow
const skip = installed === null || installed.variant === 'off' ? 'engine tensorflow is missing' : false

it('auto takes the reference engine for small steps, flow and float64', async () => {
  assert.equal((await chooseEngine(spec(8))).name, 'reference')
  const flow = { mode: 'flow' as const, time: 1 }
  assert.equal((await chooseEngine(spec(200, { training: flow }))).name, 'reference')
  const double = {
    mode: 'gradient-descent' as const,
    learningRate: 1,
    steps: 1,
    precision: 'float64' as const,
  }
  assert.equal((await chooseEngine(spec(200, { training: double }))).name, 'reference')
})

it('auto takes TensorFlow for large steps', { skip }, async () => {
  assert.equal((await chooseEngine(spec(128, { device: 'cpu' }))).name, 'tensorflow')
})

it('workers and estimates see the same engine in a spec, on both sides of the width at which they meet', async () => {
  for (const depth of [1, 8]) {
    const at = (width: number) =>
      resolveSpec(shortSpec({ model: { kind: 'deep-linear', depth, width } }), FEATURES)
    assert.equal((await chooseEngine(at(REFERENCE_WIDTH))).name, 'reference')
    const problem = await openProblem(at(8).data)
    const spectrum = problem.spectrum as unknown as SpectrumView
    const memory = (width: number) => estimateWork(at(width), spectrum).memoryBytes
    assert.ok(memory(REFERENCE_WIDTH) < 200e6, `depth ${depth}`) // without TensorFlow's 450 MB
    assert.ok(memory(REFERENCE_WIDTH + 1) > 450e6, `depth ${depth}`)
  }
})

it('lanes is refused by name', async () => {
  await assert.rejects(chooseEngine(spec(8, { engine: 'lanes' })), hasCode('ENGINE_UNAVAILABLE', /lanes/))
})

it('flow on TensorFlow is refused with the reason', { skip }, async () => {
  const asked = spec(8, { engine: 'tensorflow', device: 'cpu', training: { mode: 'flow', time: 1 } })
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
