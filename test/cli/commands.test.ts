import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { JobView } from '../../src/experiment/job-view.ts'
import type { ResultView } from '../../src/experiment/result-view.ts'
import { type Service, startService } from '../api/service.ts'
import { jepalab } from './run-command.ts'

const spec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.9], rho: [0.3, 0.95] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.01 },
  training: { mode: 'flow', time: 2000 },
  engine: 'reference',
  name: 'two features',
}

describe('the command line', () => {
  let service: Service
  let folder: string
  let id: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jepalab-cli-'))
    service = await startService({ workers: 1 })
    writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec))
  })
  after(async () => {
    await service.close()
    rmSync(folder, { recursive: true })
  })
  const run = (args: string[], input?: string) =>
    jepalab([...args, '--url', service.url], { cwd: folder, ...(input !== undefined && { input }) })

  it('run FILE posts, follows and prints a row per feature', async () => {
    const { code, out, err } = await run(['run', 'spec.json'])
    assert.equal(code, 0, err)
    assert.match(out, /^feature +λ +ρ +t\* measured +t\* predicted/m)
    assert.match(out, /^ +0 +1 +0\.3/m)
    assert.match(out, /^jepa learned 1 → 0, predicted 1 → 0 \(as predicted\)$/m)
    assert.match(err, /^r\w{7} {2}succeeded {2}100 %/m)
    const { items } = await service.client.get<{ items: JobView[] }>('/v1/jobs')
    id = items[0]!.id
  })

  it('run takes a spec from standard input and as JSON, and finds the same job', async () => {
    const piped = await run(['run', '-', '--json'], JSON.stringify(spec))
    assert.equal((JSON.parse(piped.out) as ResultView).id, id)
    const inline = await run(['run', JSON.stringify(spec), '--detach'])
    assert.equal(inline.out.trim(), id)
  })

  it('run prints the warnings with their figures', async () => {
    const stalling = {
      ...spec,
      init: { kind: 'balanced', scale: 1e-9 },
      training: { mode: 'gradient-descent', learningRate: 1e-3, steps: 10, precision: 'float32' },
    }
    const { err } = await run(['run', JSON.stringify(stalling)])
    assert.match(err, /^warning {2}\/\S+ {2}.*\d/m)
  })

  it('a refused spec is told as sentence and pointers, with exit code 1', async () => {
    const wrong = { ...spec, objective: 'mea', data: { ...spec.data, lamda: [1] } }
    const { code, out, err } = await run(['run', JSON.stringify(wrong)])
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, /^ {2}\/objective {2}"mea" is not one of "jepa", "mae"\. Did you mean jepa\?$/m)
    assert.match(err, /^ {2}\/data\/lamda {2}There is no field lamda here\. Did you mean lambda\?$/m)
    assert.ok(!err.includes('    at '), err)
  })

  it('ls lists the job, show tells it by the beginning of its id', async () => {
    const { out } = await run(['ls', '--state', 'succeeded'])
    assert.match(
      out,
      new RegExp(`^${id.slice(0, 10)} +succeeded +100 % +jepa +gaussian +2 +flow .* two features$`, 'm'),
    )
    const shown = await run(['show', id.slice(0, 9)])
    assert.match(shown.out, new RegExp(`^${id} {2}two features$`, 'm'))
    assert.match(shown.out, /^jepa learned 1 → 0/m)
    const json = JSON.parse((await run(['show', id, '--json'])).out) as JobView
    assert.equal(json.state, 'succeeded')
    const none = await run(['show', 'rzzzz'])
    assert.deepEqual(
      [none.code, none.err],
      [1, "No job's id begins with rzzzz. List them with jepalab ls.\n"],
    )
  })

  it('figure saves by the ending of the file', async () => {
    for (const [file, head] of [
      ['a.svg', '<svg'],
      ['a.png', '\x89PNG'],
      ['a.vl.json', '{'],
    ] as const) {
      const { code, err } = await run(['figure', id, '-o', file])
      assert.equal(code, 0, err)
      assert.ok(readFileSync(join(folder, file), 'latin1').startsWith(head), file)
    }
    assert.match((await run(['figure', id, '-o', 'a.gif'])).err, /must end in \.svg, \.png or \.vl\.json/)
  })

  it('export saves the trajectory, or prints it', async () => {
    const { out } = await run(['export', id, '-o', '-', '--points', '3'])
    assert.match(out, /^time,step,loss,measured_0,predicted_0,measured_1,predicted_1\r?\n/)
    assert.equal(out.trim().split('\n').length, 4)
    assert.equal((await run(['export', id, '--format', 'npz'])).code, 0)
    assert.equal(readFileSync(join(folder, `${id}.npz`), 'latin1').slice(0, 2), 'PK')
    await run(['export', id, '-o', 'a.parquet'])
    assert.equal(readFileSync(join(folder, 'a.parquet'), 'latin1').slice(0, 4), 'PAR1')
  })

  it('cancel ends a training job, and watch says so with exit code 1', async () => {
    const training = { mode: 'sgd', learningRate: 1e-5, batchSize: 64, steps: 50_000_000 }
    const { out } = await run(['run', JSON.stringify({ ...spec, training }), '--detach'])
    const long = out.trim()
    const watching = run(['watch', long])
    const cancelled = await run(['cancel', long.slice(0, 12)])
    assert.match(cancelled.out, new RegExp(`^${long} is cancel`))
    const { code, err } = await watching
    assert.equal(code, 1)
    assert.match(err, /cancelled/)
    assert.match((await run(['cancel', long])).err, /is cancelled, so cancel makes no sense now/)
  })

  it('a service that is not there, a misspelt command and a misspelt option are told in a line', async () => {
    const away = await jepalab(['ls', '--url', 'http://127.0.0.1:9'])
    assert.deepEqual([away.code, away.out], [1, ''])
    assert.match(away.err, /^No jepalab service answers at http:\/\/127\.0\.0\.1:9\. .*\n$/)
    assert.match((await jepalab(['shwo'])).err, /^There is no command shwo\. Did you mean show\?\n$/)
    assert.match(
      (await run(['ls', '--limt', '3'])).err,
      /^There is no option --limt here\. Did you mean --limit\?\n$/,
    )
  })
})
