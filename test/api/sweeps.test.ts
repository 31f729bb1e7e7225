import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { JobPage } from '../../src/api/job-list.ts'
import { SweepPage } from '../../src/api/sweep-list.ts'
import type { JobView } from '../../src/experiment/job-view.ts'
import type { ResultView } from '../../src/experiment/result-view.ts'
import { SweepResult, SweepView } from '../../src/experiment/sweep-view.ts'
import { Calls, checked, problem } from './calls.ts'
import { type Service, startService } from './service.ts'

const base = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1.1, 1], rho: [0.4, 0.9] },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale: 1e-2 },
  training: { mode: 'flow', time: 3e4 },
  measure: { points: 20 },
}
const both = ['jepa', 'mae']
const spec = {
  base,
  axes: { objective: both, 'model.depth': [2, 3], seed: { seeds: 3 } },
  claim: 'inversion',
  name: 'two features',
  tags: ['first'],
}
/** Trains for hours, step by step. */
const long = { ...base, training: { mode: 'sgd', learningRate: 1e-5, batchSize: 64, steps: 50_000_000 } }

type Page<T> = { items: T[]; nextCursor: string | null }

describe('sweeps over HTTP', () => {
  let service: Service
  let calls: Calls
  let done: SweepView
  before(async () => {
    service = await startService({ workers: 1 })
    calls = new Calls(service.url)
    const posted = await calls.post('/v1/sweeps', spec)
    assert.equal(posted.status, 202)
    const sweep = checked<SweepView>(SweepView, await posted.json())
    assert.equal(posted.headers.get('location'), `/v1/sweeps/${sweep.id}`)
    assert.match(sweep.id, /^s[a-z2-7]{26}$/)
    done = await ended(sweep.id)
    assert.equal(done.state, 'succeeded', JSON.stringify(done.reason))
  })
  after(() => service.close())

  async function post(body: object, status = 202): Promise<SweepView> {
    const reply = await calls.post('/v1/sweeps', body)
    const text = await reply.text()
    assert.equal(reply.status, status, text)
    return checked<SweepView>(SweepView, JSON.parse(text))
  }

  async function patch(id: string, axes: object): Promise<SweepView> {
    const reply = await fetch(`${service.url}/v1/sweeps/${id}`, {
      method: 'PATCH',
      body: JSON.stringify({ axes }),
      headers: { 'content-type': 'application/json' },
    })
    const text = await reply.text()
    assert.equal(reply.status, 202, text)
    return checked<SweepView>(SweepView, JSON.parse(text))
  }

  const jobOf = (id: string) => service.client.get<JobView>(`/v1/jobs/${id}`)

  /** Polls: a sweep has no events of its own. */
  async function ended(id: string): Promise<SweepView> {
    for (let polls = 0; polls < 600; polls++) {
      const sweep = await calls.read<SweepView>(`/v1/sweeps/${id}`, SweepView)
      if (sweep.finishedAt !== null) return sweep
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.fail(`${id} did not end in a minute`)
  }

  const resultOf = (id: string, query = '') =>
    calls.read<SweepResult>(`/v1/sweeps/${id}/result${query}`, SweepResult)

  it('GET /v1/sweeps/{id} counts its runs per state, with links that all answer', async () => {
    assert.deepEqual(done.counts, { succeeded: 12 })
    assert.deepEqual([done.total, done.progress.fraction], [12, 1])
    assert.deepEqual([done.spec.name, done.spec.tags], ['two features', ['first']])
    for (const [name, link] of Object.entries(done.links)) {
      if (name === 'cancel') continue
      const reply = await calls.get(link)
      assert.equal(reply.status, 200, `${name}: ${link}`)
      await reply.body?.cancel()
    }
  })

  it('POST of the same sweep answers 200 with the one that is there, and queues nothing', async () => {
    const { name: _, ...unnamed } = spec
    const again = await post({ ...unnamed, tags: ['second'] }, 200)
    assert.deepEqual([again.id, again.state], [done.id, 'succeeded'])
  })

  it('GET /v1/sweeps lists newest first, by state and tag, page by page', async () => {
    const tagged = await calls.read<Page<SweepView>>('/v1/sweeps?tag=first&state=succeeded', SweepPage)
    assert.deepEqual(
      tagged.items.map(({ id }) => id),
      [done.id],
    )
    assert.deepEqual((await calls.read<Page<SweepView>>('/v1/sweeps?tag=nobody', SweepPage)).items, [])
    const other = await post({ base, axes: { seed: [7] } })
    await ended(other.id)
    const seen: string[] = []
    for (let after = ''; ; ) {
      const page = await calls.read<Page<SweepView>>(`/v1/sweeps?limit=1${after}`, SweepPage)
      seen.push(...page.items.map(({ id }) => id))
      if (page.nextCursor === null) break
      after = `&after=${encodeURIComponent(page.nextCursor)}`
    }
    assert.deepEqual(seen, [other.id, done.id])
  })

  it('GET /v1/jobs?sweep= lists its runs, and each names the sweep', async () => {
    const { items } = await calls.read<Page<JobView>>(`/v1/jobs?sweep=${done.id}&limit=1000`, JobPage)
    assert.equal(items.length, 12)
    for (const job of items) assert.deepEqual(job.sweeps, [done.id])
  })

  it('GET /v1/sweeps/{id}/result has every point in order, groups, twins and the verdict', async () => {
    const result = await resultOf(done.id)
    assert.deepEqual(result.axes, { objective: both, 'model.depth': [2, 3], seed: [0, 1, 2] })
    assert.deepEqual(
      result.runs.map(({ point }) => Object.values(point)),
      both.flatMap((objective) =>
        [2, 3].flatMap((depth) => [0, 1, 2].map((seed) => [objective, depth, seed])),
      ),
    )
    assert.equal(new Set(result.runs.map(({ id }) => id)).size, 12)
    assert.equal(result.groups?.length, 4)
    assert.equal(result.twins?.length, 2)
    assert.equal(result.twins?.[1]?.ordersDiffer, 1) // JEPA begins with ρ = 0.9, MAE with λ = 1.1
    assert.equal(result.verdict?.claim, 'inversion')
    assert.equal('nextCursor' in result, false)
  })

  it('a run of a sweep has the fingerprint and the critical times of the same run posted alone', async () => {
    const { runs } = await resultOf(done.id)
    const run = runs.find(({ point }) => point.objective === 'mae' && point.seed === 2)!
    const alone = { ...base, objective: 'mae', model: { kind: 'deep-linear', depth: 2 }, seed: 2 }
    const found = await calls.post('/v1/jobs', alone)
    assert.equal(found.status, 200)
    assert.equal(((await found.json()) as JobView).id, run.id)
    const twin = (await (await calls.post('/v1/jobs', { ...alone, replicate: 1 })).json()) as JobView
    while ((await jobOf(twin.id)).finishedAt === null) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const result = await service.client.get<ResultView>(`/v1/jobs/${twin.id}/result`)
    assert.equal(result.fingerprint, run.fingerprint)
    assert.deepEqual(
      result.features.map(({ criticalTime }) => criticalTime.measured),
      run.criticalTimes?.measured,
    )
  })

  it('a page of a result has a cursor to the next, and the analysis stands on the first alone', async () => {
    const whole = await resultOf(done.id)
    const seen: string[] = []
    for (let after = ''; ; ) {
      const page = await resultOf(done.id, `?limit=5${after}`)
      assert.equal(page.verdict !== undefined, after === '')
      seen.push(...page.runs.map(({ id }) => id))
      assert.ok(page.nextCursor !== undefined)
      if (page.nextCursor === null) break
      after = `&after=${page.nextCursor}`
    }
    assert.deepEqual(
      seen,
      whole.runs.map(({ id }) => id),
    )
    assert.equal((await resultOf(done.id, '?limit=12')).nextCursor, null)
  })

  it('GET /v1/sweeps/{id}/figure is an svg, a png, a Vega-Lite spec and a table, of each kind it has', async () => {
    const path = `/v1/sweeps/${done.id}/figure`
    const svg = await calls.get(`${path}.svg`)
    assert.equal(svg.headers.get('content-type'), 'image/svg+xml')
    assert.match(await svg.text(), /^<svg[\s\S]*<\/svg>\s*$/)
    const png = Buffer.from(await (await calls.get(`${path}.png`)).arrayBuffer())
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
    assert.match(
      ((await (await calls.get(`${path}.vl.json`)).json()) as { $schema: string }).$schema,
      /vega-lite/,
    )
    const csv = await calls.get(`${path}.csv`)
    assert.match(csv.headers.get('content-type')!, /^text\/csv/)
    assert.ok((await csv.text()).split('\n').length > 2)
    assert.equal((await calls.get(`${path}.svg?kind=amplitudes`)).status, 200)
    assert.match(await problem(await calls.get(`${path}.svg?kind=phase`), 400, 'SCHEMA_MISMATCH'), /./)
    await problem(await calls.get(`${path}.gif`), 404, 'ROUTE_UNKNOWN')
  })

  it('PATCH adds values: only the points that are new are run, and the others keep their results', async () => {
    const before = await resultOf(done.id)
    const extended = await patch(done.id, { 'model.depth': [4] })
    assert.equal(extended.id, done.id)
    const longer = await ended(done.id)
    assert.deepEqual(longer.counts, { succeeded: 18 })
    const result = await resultOf(done.id)
    assert.deepEqual(result.axes['model.depth'], [2, 3, 4])
    const kept = new Map(result.runs.map((run) => [run.id, run.fingerprint]))
    for (const { id, fingerprint } of before.runs) assert.equal(kept.get(id), fingerprint)
    const { items } = await calls.read<Page<JobView>>(`/v1/jobs?sweep=${done.id}&limit=1000`, JobPage)
    for (const { id, attempt } of items) assert.equal(attempt, 1, id)
  })

  it('a sweep that overlaps another shares its runs', async () => {
    const other = await post({ base, axes: { 'model.depth': [3, 5], seed: [0, 1] } })
    const { counts, id } = await ended(other.id)
    assert.deepEqual(counts, { succeeded: 4 })
    const [mine, theirs] = await Promise.all([resultOf(id), resultOf(done.id)])
    const shared = new Set(theirs.runs.map((run) => run.id))
    assert.deepEqual(
      mine.runs.map((run) => shared.has(run.id)),
      [true, true, false, false],
    )
    const job = await jobOf(mine.runs[0]!.id)
    assert.deepEqual(job.sweeps.toSorted(), [id, done.id].toSorted())
  })

  it('a random search has as many points as it is asked for, inside the axes', async () => {
    const axes = { 'init.scale': { log: [1e-3, 1e-1] }, 'model.depth': [1, 2] }
    const { id } = await post({ base, axes, search: 'random', count: 30 })
    assert.equal((await ended(id)).total, 30)
    const { runs, axes: told } = await resultOf(id)
    assert.deepEqual(told, { 'init.scale': [1e-3, 1e-1], 'model.depth': [1, 2] })
    const scales = runs.map(({ point }) => point['init.scale'] as number)
    assert.ok(scales.every((scale) => scale >= 1e-3 && scale <= 1e-1))
    const lower = scales.filter((scale) => scale < 1e-2).length
    assert.ok(Math.abs(lower - 15) <= 2, `${lower} of 30 are in the lower of two decades`) // evenly spread
  })

  it('a result of more runs than are read at once is whole', async () => {
    const { id } = await post({ base, axes: { 'init.scale': { log: [1e-3, 1e-1], count: 450 } } })
    await ended(id)
    const { runs } = await resultOf(id)
    assert.equal(runs.length, 450)
    const scales = runs.map(({ point }) => point['init.scale'] as number)
    assert.deepEqual(
      scales,
      scales.toSorted((a, b) => a - b),
    )
    const tail = await resultOf(id, '?limit=1000&after=399')
    assert.deepEqual([tail.runs.length, tail.nextCursor], [50, null])
    assert.equal(tail.runs[0]!.id, runs[400]!.id)
  })

  it('cancel ends the runs that nobody else wants', async () => {
    const alone = (await (await calls.post('/v1/jobs', { ...long, seed: 71 })).json()) as JobView
    const sweep = await post({ base: long, axes: { seed: [71, 72, 73] } })
    while ((await service.client.get<SweepView>(`/v1/sweeps/${sweep.id}`)).total < 3) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const cancelled = await calls.post(`/v1/sweeps/${sweep.id}/cancel`)
    assert.equal(cancelled.status, 202)
    assert.ok(
      ['cancelling', 'cancelled'].includes(checked<SweepView>(SweepView, await cancelled.json()).state),
    )
    const { state, counts } = await ended(sweep.id)
    assert.deepEqual([state, counts.cancelled], ['cancelled', 2])
    assert.ok(['queued', 'starting', 'running'].includes((await jobOf(alone.id)).state))
    await problem(await calls.post(`/v1/sweeps/${sweep.id}/cancel`), 409, 'STATE_CONFLICT')
    const told = await problem(await calls.get(`/v1/sweeps/${sweep.id}/result`), 409, 'STATE_CONFLICT')
    assert.match(told, /^Sweep s\w+ is cancelled, so its result makes no sense now\.$/)
    await calls.post(`/v1/jobs/${alone.id}/cancel`)
  })

  it('what was learned before a cancel stays readable', async () => {
    const { id } = await post({ base: long, axes: { 'training.steps': [1000, 50_000_000] } })
    while ((await calls.read<SweepView>(`/v1/sweeps/${id}`, SweepView)).counts.succeeded !== 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await calls.post(`/v1/sweeps/${id}/cancel`)
    const { state, counts } = await ended(id)
    assert.deepEqual([state, counts], ['cancelled', { succeeded: 1, cancelled: 1 }])
    const { runs } = await resultOf(id)
    assert.deepEqual(
      runs.map((run) => [run.state, run.fingerprint === null]),
      [
        ['succeeded', false],
        ['cancelled', true],
      ],
    )
  })
})
