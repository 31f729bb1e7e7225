import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { PRESETS } from '../../src/experiment/presets.ts'
import type { SweepResult, SweepView } from '../../src/experiment/sweep-view.ts'
import { type Service, startService } from '../api/service.ts'
import { jepalab, NODE_FLAGS, PROGRAM } from './run-command.ts'

const base = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1.1, 1], rho: [0.4, 0.9] },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale: 1e-2 },
  training: { mode: 'flow', time: 3e4 },
}
const spec = {
  base,
  axes: { objective: ['jepa', 'mae'], 'model.depth': [1, 3] },
  claim: 'inversion',
  name: 'two features',
}
const long = { ...base, training: { mode: 'sgd', learningRate: 1e-5, batchSize: 64, steps: 50_000_000 } }

describe('sweeps at the command line', () => {
  let service: Service
  let folder: string
  let id: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jepalab-cli-'))
    service = await startService({ workers: 1 })
    writeFileSync(join(folder, 'sweep.json'), JSON.stringify(spec))
  })
  after(async () => {
    await service.close()
    rmSync(folder, { recursive: true })
  })
  const run = (args: string[], input?: string) =>
    jepalab([...args, '--url', service.url], { cwd: folder, ...(input !== undefined && { input }) })

  it('sweep FILE posts, follows, prints twins and the verdict, and says how to draw it', async () => {
    const { code, out, err } = await run(['sweep', 'sweep.json'])
    assert.equal(code, 0, err)
    assert.match(out, /^model\.depth +pairs +orders differ/m)
    assert.match(out, /^ +3 +1 +100 %/m)
    assert.match(out, /^4 runs: 4 succeeded$/m)
    assert.match(out, /^(✓|✗ does not hold:|\? undecided:) ./m)
    assert.match(err, /^s\w{7} {2}succeeded {2}100 % {2}4\/4 runs$/m)
    assert.match(err, /^figure: jepalab figure s\w{9} -o figure\.png$/m)
    const { items } = await service.client.get<{ items: SweepView[] }>('/v1/sweeps')
    id = items[0]!.id
  })

  it('sweep takes standard input and the JSON itself, and finds the same sweep', async () => {
    const piped = await run(['sweep', '-', '--json'], JSON.stringify(spec))
    assert.equal((JSON.parse(piped.out) as SweepResult).runs.length, 4)
    const inline = await run(['sweep', JSON.stringify(spec), '--detach'])
    assert.equal(inline.out, `${id}\n`)
  })

  it('presets lists every experiment of the paper, and prints one as a sweep', async () => {
    const { out } = await run(['presets'])
    for (const { name, title } of PRESETS) assert.ok(out.includes(`${name} `) && out.includes(title), name)
    const one = await run(['presets', 'inversion'])
    assert.deepEqual(JSON.parse(one.out), PRESETS.find(({ name }) => name === 'inversion')!.spec)
    const none = await run(['sweep', 'preset:inversoin'])
    assert.deepEqual([none.code, none.err], [1, 'No preset inversoin. Did you mean inversion?\n'])
    const small = await run(['sweep', 'preset:inversion', '--full'])
    assert.deepEqual([small.code, small.err], [1, 'The preset inversion has one size; leave out --full.\n'])
    const own = await run(['sweep', '{}', '--full'])
    assert.deepEqual([own.code, own.err], [1, '--full is for presets; give preset:NAME.\n'])
  })

  it('sweep preset:NAME --figure FILE runs an experiment of the paper and draws it', async () => {
    const { code, out, err } = await run(['sweep', 'preset:lambda-order', '--figure', 'lambda.png'])
    assert.equal(code, 0, err)
    assert.match(out, /^✓ /m)
    assert.ok(readFileSync(join(folder, 'lambda.png'), 'latin1').startsWith('\x89PNG'))
  })

  it('a figure of another ending is refused before anything is posted', async () => {
    const other = { ...spec, axes: { seed: [9] } }
    const { code, err } = await run(['sweep', JSON.stringify(other), '--figure', 'a.gif'])
    assert.deepEqual([code, err], [1, 'a.gif must end in .svg, .png, .vl.json or .csv.\n'])
    assert.ok(!(await run(['ls', '--sweeps'])).out.includes('seed'))
  })

  it('sweep --extend adds values to an axis', async () => {
    const { code, out, err } = await run(['sweep', '--extend', id.slice(0, 8), '{"model.depth": [2]}'])
    assert.equal(code, 0, err)
    assert.match(out, /^6 runs: 6 succeeded$/m)
  })

  it('a refused sweep is told as sentence and pointers, with exit code 1', async () => {
    const { code, out, err } = await run(['sweep', JSON.stringify({ base, axes: { 'modle.depth': [1] } })])
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^ {2}\/axes\/modle\.depth {2}The axis modle\.depth names nothing/m)
    assert.ok(!err.includes('    at '), err)
  })

  it('ls --sweeps, ls --sweep and show tell it by the beginning of its id', async () => {
    const listed = (await run(['ls', '--sweeps'])).out
    const row = `^${id.slice(0, 10)} +succeeded +100 % +6 +objective \\(2\\), model\\.depth \\(3\\) .* two features$`
    assert.match(listed, new RegExp(row, 'm'))
    const jobs = (await run(['ls', '--sweep', id.slice(0, 8), '--json'])).out
    assert.equal((JSON.parse(jobs) as { items: unknown[] }).items.length, 6)
    const { out, code } = await run(['show', id.slice(0, 8)])
    assert.equal(code, 0)
    assert.match(out, new RegExp(`^${id} {2}two features$`, 'm'))
    assert.match(out, /^grid over objective \(2\), model\.depth \(3\)$/m)
    assert.match(out, /^model\.depth +pairs/m)
    const none = await run(['show', 'szzzz'])
    assert.deepEqual(
      [none.code, none.err],
      [1, "No sweep's id begins with szzzz. List them with jepalab ls --sweeps.\n"],
    )
  })

  it('figure and export save by the ending of the file', async () => {
    for (const [file, head] of [
      ['a.svg', '<svg'],
      ['a.png', '\x89PNG'],
      ['a.vl.json', '{'],
    ] as const) {
      const { code, err } = await run(['figure', id, '-o', file])
      assert.equal(code, 0, err)
      assert.ok(readFileSync(join(folder, file), 'latin1').startsWith(head), file)
    }
    assert.match((await run(['figure', id, '--kind', 'pie'])).err, /"pie" is not one of/)
    assert.equal((await run(['export', id, '-o', 'a.json'])).code, 0)
    const result = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as SweepResult
    assert.equal(result.runs.length, 6)
    assert.equal((await run(['export', id])).code, 0)
    assert.ok(readFileSync(join(folder, `${id}.csv`), 'utf8').split('\n').length > 6)
    assert.match((await run(['export', id, '--format', 'npz'])).err, /csv or json, not as npz/)
  })

  it('Ctrl-C leaves a sweep running and says how to come back; cancel ends it', async () => {
    const posted = await run(['sweep', JSON.stringify({ base: long, axes: { seed: [1, 2] } }), '--detach'])
    const training = posted.out.trim()
    const watching = spawn(process.execPath, [
      ...NODE_FLAGS,
      PROGRAM,
      'watch',
      training,
      '--url',
      service.url,
    ])
    const said = text(watching.stderr)
    await once(watching.stderr, 'data')
    watching.kill('SIGINT')
    const [code] = (await once(watching, 'exit')) as [number]
    assert.equal(code, 130)
    assert.match(await said, new RegExp(`jepalab watch ${training.slice(0, 10)}, or .* jepalab cancel`))
    const { finishedAt } = await service.client.get<SweepView>(`/v1/sweeps/${training}`)
    assert.equal(finishedAt, null)
    const cancelled = await run(['cancel', training.slice(0, 12)])
    assert.match(cancelled.out, new RegExp(`^${training} is cancel`))
    const ended = await run(['watch', training])
    assert.equal(ended.code, 1)
    assert.match(ended.err, /is cancelled\.$/m)
    assert.match(
      (await run(['cancel', training])).err,
      /^Sweep s\w+ is cancelled, so cancel makes no sense now/,
    )
  })
})
