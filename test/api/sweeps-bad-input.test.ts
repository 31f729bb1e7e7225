import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Value } from 'typebox/value'
import { Problem } from '../../src/api/problem.ts'
import { type Service, startService } from './service.ts'

const base = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.8], rho: [0.3, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 1e-4 },
  training: { mode: 'flow', time: 1e6 },
}
const depths = { 'model.depth': [1, 2, 3] }
/** JEPA learns feature 0 first from λ₀/λ₁ = 1.33 on at depth 2, docs/theory.md §4. */
const boundary = {
  axes: { 'model.depth': [2], 'data.lambda.0': { log: [0.8, 4] } },
  search: 'boundary',
  question: 'first-feature-is:0',
}

type Case = [title: string, change: object, status: number, pointer: string, message: RegExp]

const cases: Case[] = [
  // What no axis may be.
  ['a sweep without axes', { axes: {} }, 422, '/axes', /0 axes/],
  ['an axis without values', { axes: { seed: [] } }, 400, '/axes/seed', /0 entries/],
  ['an axis that is a number', { axes: { seed: 5 } }, 400, '/axes/seed', /neither a list nor an object/],
  ['a misspelt scale', { axes: { 'init.scale': { lgo: [1, 2] } } }, 400, '/axes/init.scale', /mean log/],
  [
    'an axis path that names nothing',
    { axes: { 'modle.depth': [1] } },
    422,
    '/axes/modle.depth',
    /modle\.depth names nothing: the base has no modle/,
  ],
  [
    'an axis of a list entry that is not there',
    { axes: { 'data.lambda.2': [1] } },
    422,
    '/axes/data.lambda.2',
    /data\.lambda has no 2/,
  ],
  ['an axis path that is no path', { axes: { 'model depth': [1] } }, 400, '/axes/model depth', /match/],
  ['a value twice', { axes: { 'model.depth': [1, 2, 1] } }, 422, '/axes/model.depth', /1 values? twice/],
  ['seeds of another field', { axes: { 'model.depth': { seeds: 3 } } }, 422, '/axes/model.depth', /seed/],
  [
    'a log axis from 0',
    { axes: { 'init.scale': { log: [0, 1] } } },
    422,
    '/axes/init.scale',
    /from 0 to 1; both must be above 0/,
  ],
  [
    'a range whose ends agree',
    { axes: { 'init.scale': { linear: [1, 1] } } },
    422,
    '/axes/init.scale',
    /begins and ends at 1/,
  ],
  // More than allowed, told before anything is expanded.
  [
    'a product over the cap',
    { axes: { seed: { seeds: 1_000_000 }, 'init.scale': { log: [1e-6, 1], count: 1_000_000 } } },
    422,
    '/axes',
    /1000000000000 runs and JEPALAB_MAX_RUNS allows 1000/,
  ],
  [
    'a random search over the cap',
    { axes: depths, search: 'random', count: 1001 },
    422,
    '/axes',
    /1001 runs/,
  ],
  // Points that are no valid spec: which, and why.
  [
    'a point that the schema refuses',
    { axes: { ...depths, 'init.scale': [1e-3, -1] } },
    422,
    '/axes/init.scale',
    /model\.depth = 1.*init\.scale = -1.*-1 is not above 0/,
  ],
  [
    'a point that the domain refuses',
    { axes: { 'model.width': [2, 1] } },
    422,
    '/axes/model.width',
    /model\.width = 1/,
  ],
  [
    'a text for a number',
    { axes: { 'model.depth': ['2'] } },
    422,
    '/axes/model.depth',
    /"2" is not a number/,
  ],
  [
    'a field that no spec has',
    { axes: { 'model.layers': [2] } },
    422,
    '/axes/model.layers',
    /no field layers/,
  ],
  // Searches.
  ['a random search without a count', { axes: depths, search: 'random' }, 422, '/count', /needs a count/],
  ['a count of a grid', { axes: depths, count: 3 }, 422, '/count', /belongs to a random search/],
  ['a question of a grid', { axes: depths, question: 'greedy' }, 422, '/question', /boundary search/],
  [
    'a boundary without a question',
    { ...boundary, question: undefined },
    422,
    '/question',
    /needs a question/,
  ],
  ['a boundary in one axis', { ...boundary, axes: depths }, 422, '/axes', /2 axes, and 1/],
  [
    'a boundary in a list',
    { ...boundary, axes: { 'model.depth': [1], 'data.lambda.0': [1, 2] } },
    422,
    '/axes/data.lambda.0',
    /is a range/,
  ],
  [
    'a boundary whose corners agree',
    { ...boundary, axes: { 'model.depth': [1, 2], 'data.lambda.0': { log: [0.2, 0.4] } } },
    422,
    '/axes/data.lambda.0',
    /foresees/,
  ],
  ['an unknown question', { ...boundary, question: 'greddy' }, 400, '/question', /"greddy" does not match/],
  [
    'a question of a feature that is not there',
    { ...boundary, question: 'collapses:7' },
    422,
    '/question',
    /7/,
  ],
  // The rest of the body.
  ['an unknown claim', { axes: depths, claim: 'inversoin' }, 400, '/claim', /Did you mean inversion\?/],
  ['an unknown field', { axes: depths, axis: {} }, 400, '/axis', /Did you mean axes\?/],
  [
    'a base that is no spec',
    { base: { ...base, objective: 'mea' }, axes: depths },
    400,
    '/base/objective',
    /jepa/,
  ],
]

describe('bad input of sweeps', () => {
  let service: Service
  before(async () => {
    service = await startService({ workers: 0, env: { JEPALAB_MAX_RUNS: '1000' } })
  })
  after(() => service.close())

  const send = (method: string, path: string, body: string) =>
    fetch(service.url + path, { method, body, headers: { 'content-type': 'application/json' } })

  const idsOf = async (list: string) =>
    (await service.client.get<{ items: { id: string }[] }>(`${list}?limit=1000`)).items.map(({ id }) => id)

  /** What a refusal says; it is always a problem, and queues nothing. */
  async function refusal(reply: Response, jobs: readonly string[] = []): Promise<Problem> {
    const problem = (await reply.json()) as Problem
    assert.match(
      reply.headers.get('content-type') ?? '',
      /^application\/problem\+json/,
      JSON.stringify(problem),
    )
    assert.ok(Value.Check(Problem, problem), JSON.stringify(problem))
    assert.equal(problem.status, reply.status)
    assert.deepEqual(await idsOf('/v1/jobs'), jobs)
    return problem
  }

  async function refused(reply: Response, [, , status, pointer, message]: Case, jobs?: readonly string[]) {
    const problem = await refusal(reply, jobs)
    assert.equal(problem.status, status, JSON.stringify(problem))
    const fault = problem.errors?.find((error) => error.pointer.startsWith(pointer))
    assert.ok(fault, JSON.stringify(problem.errors))
    assert.match(fault.message, message)
  }

  for (const each of cases) {
    const [title, change, status, pointer] = each
    it(`${title} is refused with ${status} at ${pointer}, and nothing is queued`, async () => {
      await refused(await send('POST', '/v1/sweeps', JSON.stringify({ base, ...change })), each)
      assert.deepEqual(await idsOf('/v1/sweeps'), [])
    })
  }

  it('a non-finite value of an axis is refused with its place, in a list and in a range', async () => {
    for (const [axis, pointer] of [
      ['[1e-3,1e999]', '/axes/init.scale/1'],
      ['[{"a":[1e999]}]', '/axes/init.scale/0/a/0'],
      ['{"log":[1e-3,1e999]}', '/axes/init.scale/log/1'],
      ['{"linear":[-1e999,1]}', '/axes/init.scale/linear/0'],
    ] as const) {
      const body = JSON.stringify({ base, axes: { 'init.scale': 0 } }).replace(
        '"init.scale":0',
        `"init.scale":${axis}`,
      )
      const problem = await refusal(await send('POST', '/v1/sweeps', body))
      assert.deepEqual([problem.status, problem.code], [400, 'SCHEMA_MISMATCH'], problem.detail)
      const fault = problem.errors?.find((error) => error.pointer === pointer)
      assert.match(fault?.message ?? JSON.stringify(problem), /finite/)
    }
  })

  it('NaN is refused with its position', async () => {
    const body = JSON.stringify({ base, axes: { seed: [0] } }).replace('[0]', '[NaN]')
    const problem = await refusal(await send('POST', '/v1/sweeps', body))
    assert.equal(problem.code, 'BODY_MALFORMED')
    assert.match(problem.detail, new RegExp(`unexpected NaN at position ${body.indexOf('NaN')} `))
  })

  it('a product of a trillion runs is refused in under a second', async () => {
    const body = JSON.stringify({
      base,
      axes: { seed: { seeds: 1_000_000 }, 'init.scale': { log: [1e-6, 1], count: 1_000_000 } },
    })
    const asked = performance.now()
    await refusal(await send('POST', '/v1/sweeps', body))
    const seconds = (performance.now() - asked) / 1000
    assert.ok(seconds < 1, `${seconds} s`)
  })

  it('what is asked of a sweep or a preset that is not there is a 404 with its own code', async () => {
    const unknown: [path: string, method: string, code: string][] = [
      ['/v1/sweeps/snothing', 'GET', 'SWEEP_UNKNOWN'],
      ['/v1/sweeps/snothing/result', 'GET', 'SWEEP_UNKNOWN'],
      ['/v1/sweeps/snothing/figure.svg', 'GET', 'SWEEP_UNKNOWN'],
      ['/v1/sweeps/snothing/cancel', 'POST', 'SWEEP_UNKNOWN'],
      ['/v1/sweeps/..%2F..%2Fetc', 'GET', 'SWEEP_UNKNOWN'],
      ['/v1/presets/inversoin', 'GET', 'PRESET_UNKNOWN'],
      ['/v1/presets/..%2F', 'GET', 'PRESET_UNKNOWN'],
    ]
    for (const [path, method, code] of unknown) {
      const problem = await refusal(await fetch(service.url + path, { method }))
      assert.deepEqual([problem.status, problem.code], [404, code], path)
    }
    const problem = await refusal(await fetch(`${service.url}/v1/presets/inversoin`))
    assert.match(problem.detail, /Did you mean inversion\?/)
    const patched = await refusal(
      await send('PATCH', '/v1/sweeps/snothing', JSON.stringify({ axes: depths })),
    )
    assert.equal(patched.code, 'SWEEP_UNKNOWN')
  })

  it('an unknown query of a list, a result or a figure is a 400 with its name', async () => {
    for (const path of [
      '/v1/sweeps?state=training',
      '/v1/sweeps?limit=0',
      '/v1/sweeps?after=nowhere',
      '/v1/sweeps/snothing/result?limit=many',
      '/v1/sweeps/snothing/result?after=-1',
      '/v1/sweeps/snothing/figure.svg?kind=pie',
    ]) {
      const problem = await refusal(await fetch(service.url + path))
      assert.deepEqual([problem.status, problem.code], [400, 'SCHEMA_MISMATCH'], path)
    }
  })

  describe('of a sweep that is there', () => {
    let id: string
    let jobs: string[]
    before(async () => {
      const reply = await send('POST', '/v1/sweeps', JSON.stringify({ base, axes: { seed: [1, 2] } }))
      assert.equal(reply.status, 202)
      ;({ id } = (await reply.json()) as { id: string })
      while ((await idsOf('/v1/jobs')).length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      jobs = await idsOf('/v1/jobs')
    })

    const extensions: Case[] = [
      ['an axis that the sweep does not have', depths, 422, '/axes/model.depth', /seed/],
      ['no axes', {}, 422, '/axes', /./],
      ['a value that makes no spec', { seed: [-1] }, 422, '/axes/seed', /seed = -1.*-1 is below 0/],
      ['an axis of another form', { seed: 5 }, 400, '/axes/seed', /neither a list nor an object/],
      ['more values than runs are allowed', { seed: { seeds: 1001 } }, 422, '/axes', /1001 runs/],
    ]
    for (const each of extensions) {
      const [title, axes, status, pointer] = each
      it(`PATCH with ${title} is refused with ${status} at ${pointer}, and nothing is queued`, async () => {
        await refused(await send('PATCH', `/v1/sweeps/${id}`, JSON.stringify({ axes })), each, jobs)
      })
    }

    it('PATCH of anything but the axes is refused', async () => {
      const problem = await refusal(await send('PATCH', `/v1/sweeps/${id}`, JSON.stringify({ base })), jobs)
      assert.deepEqual(problem.errors?.map(({ pointer }) => pointer).toSorted(), ['/axes', '/base'])
    })

    it('its result and its figure are 409 with the state while it is unfinished', async () => {
      for (const path of ['result', 'figure.svg', 'figure.csv']) {
        const problem = await refusal(await fetch(`${service.url}/v1/sweeps/${id}/${path}`), jobs)
        assert.equal(problem.code, 'STATE_CONFLICT')
        assert.match(problem.detail, /^Sweep s\w+ is (queued|running), so its result makes no sense now\.$/)
      }
    })
  })
})
