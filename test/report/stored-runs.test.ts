import assert from 'node:assert/strict'
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { writePack } from '../../src/artifacts/pack.ts'
import { type RunFiles, writeRun } from '../../src/artifacts/run-folder.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { buildReport } from '../../src/report/report.ts'
import { type RunReport, reportRuns, trajectoryOf } from '../../src/report/stored-runs.ts'
import { id, measurements, runFiles, temporaryFolder } from '../artifacts/example-run.ts'

const cohort = 'ctogether'

function run(name: string, change: Partial<RunFiles['manifest']> = {}, spec = runFiles().spec) {
  const key = { id: name, attempt: 1 }
  return { key, files: { ...runFiles(), spec, manifest: { ...runFiles().manifest, ...key, ...change } } }
}

const awaited = (...names: string[]) => names.map((id) => ({ id, attempt: 1, fingerprint: null }))

/** The sentence of a run that has no report. */
function messageOf(answer: RunReport): string {
  return 'code' in answer ? new ExperimentError(answer.code, answer.facts as never).message : ''
}

it('a run has the same report alone and in a cohort: that of its numbers', async (t) => {
  const root = await temporaryFolder(t)
  const { key, files } = run(id)
  const { files: _, ...manifest } = await writeRun(root, key, files)
  await writePack(root, cohort, [run('rother'), { key, files }])
  const { spectrum, moments } = await openProblem(files.spec.data)
  const { result, trajectory } = buildReport({
    ...files,
    id,
    spectrum,
    moments,
    manifest: { ...manifest, files: [] },
  })
  for (const place of [`${id}-1`, cohort]) {
    const told = [{ ...key, fingerprint: manifest.fingerprint }]
    assert.deepEqual(await reportRuns(root, place, told), [
      { ...key, manifest, result: JSON.stringify(result) },
    ])
    assert.deepEqual(await trajectoryOf(root, { ...key, cohort: place }), trajectory)
  }
})

it('each bad run of a cohort answers alone, in a sentence, and the others have their reports', async (t) => {
  const root = await temporaryFolder(t)
  const broken = { ...runFiles().spec, measure: { ...runFiles().spec.measure, fraction: 2 } }
  await writePack(root, cohort, [run('ra'), run('rb', { outcome: 'lost' as never }), run('rc', {}, broken)])
  const answers = await reportRuns(root, cohort, [
    ...awaited('rc', 'rb', 'rgone'),
    { id: 'ra', attempt: 1, fingerprint: 'another' },
    ...awaited('ra'),
  ])
  const [c, b, gone, another] = answers.map(messageOf)
  const [a] = answers.slice(-1).map((answer) => (answer as { result: string }).result)
  assert.match(c!, /The server failed/)
  assert.match((answers[0] as { crash: string }).crash, /The fraction 2 is not between 0 and 1/)
  assert.match(b!, /outcome lost, which has no result/)
  assert.match(gone!, /it is missing; the API and its workers must share one JEPALAB_ARTIFACTS/)
  assert.match(another!, /its fingerprint is not another, which the worker told/)
  assert.equal(JSON.parse(a!).id, 'ra')
  assert.deepEqual(
    answers.map(({ id, attempt }) => `${id}.${attempt}`),
    ['rc.1', 'rb.1', 'rgone.1', 'ra.1', 'ra.1'],
  )
})

it('a folder in which a file is short or missing has no report', async (t) => {
  const root = await temporaryFolder(t)
  const { key, files } = run(id)
  await writeRun(root, key, files)
  const weights = join(root, id, '1', 'weights.safetensors')
  await truncate(weights, 50)
  const message = async () => {
    const [answer] = await reportRuns(root, `${id}-1`, awaited(id))
    return messageOf(answer!)
  }
  assert.match(await message(), /weights\.safetensors is damaged: it has 50 bytes/)
  await rm(weights)
  assert.match(await message(), /weights\.safetensors is damaged: it is missing/)
})

it('a net on images is reported without them, unless directions of theirs were followed', async (t) => {
  const root = await temporaryFolder(t)
  const spec = resolveSpec(onImages, 49)
  const files = { ...runFiles(), spec, weights: { w: { shape: [1], data: Float32Array.of(1) } } }
  const seen = { ...measurements, amplitudes: [], passages: [], probes: { rank: { values: [[1, 2, 3]] } } }
  const followed = { ...seen, probes: { alignment: { values: [[0, 0.1, 0.2]] } } }
  const write = (name: string, measured: typeof measurements) => {
    const key = { id: name, attempt: 1 }
    return { key, files: { ...files, measurements: measured, manifest: { ...files.manifest, ...key } } }
  }
  await writePack(root, cohort, [write('ra', seen), write('rb', followed)])
  const [a, b] = await reportRuns(root, cohort, awaited('ra', 'rb'))
  assert.equal(JSON.parse((a as { result: string }).result).probes.rank.final[0], 3)
  assert.match(messageOf(b!), /gone-from-here/)
  assert.equal((await trajectoryOf(root, { id: 'ra', attempt: 1, cohort })).features.length, 0)
})

const onImages: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'images', dataset: 'gone-from-here', views: { kind: 'noise', nu: 0.1 } },
  model: { kind: 'mlp', depth: 1, width: 4, activation: 'relu' },
  init: { kind: 'orthogonal', scale: 0.1 },
  training: { mode: 'sgd', learningRate: 0.1, batchSize: 4, steps: 3 },
}

it('runs of many data sets are reported one after the other', async (t) => {
  const root = await temporaryFolder(t)
  const runs = Array.from({ length: 30 }, (_, k) =>
    run(
      `r${k}`,
      {},
      { ...runFiles().spec, data: { kind: 'gaussian', lambda: [1, 0.5 + k], rho: [0.9, 0.5] } },
    ),
  )
  await writePack(root, cohort, runs)
  const answers = await reportRuns(root, cohort, awaited(...runs.map(({ key }) => key.id)))
  for (const [k, answer] of answers.entries()) {
    assert.equal(JSON.parse((answer as { result: string }).result).features[1].lambda, 0.5 + k)
  }
})
