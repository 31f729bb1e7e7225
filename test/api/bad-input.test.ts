import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Value } from 'typebox/value'
import { Problem } from '../../src/api/problem.ts'
import { type Service, startService } from './service.ts'

const spec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.8], rho: [0.3, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.01 },
  training: { mode: 'gradient-descent', learningRate: 0.01, steps: 1000 },
}
const folder = mkdtempSync(join(tmpdir(), 'jepalab-images-'))
const truncated = join(folder, 'train-images-idx3-ubyte')
// An IDX header that promises 100 images of 28 × 28 pixels, and 10 bytes of them.
writeFileSync(
  truncated,
  Buffer.from([0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28, ...Array(10).fill(0)]),
)

const images = (dataset: string) => ({ kind: 'images', dataset, views: { kind: 'noise', nu: 1 } })

describe('bad input', () => {
  let service: Service
  before(async () => {
    service = await startService({
      workers: 0,
      env: { JEPALAB_MAX_STEPS: '1e6', JEPALAB_MAX_MEMORY: '64MB' },
    })
  })
  after(async () => {
    await service.close()
    rmSync(folder, { recursive: true })
  })

  const post = (body: string | Uint8Array, type: string | null = 'application/json', path = '/v1/jobs') =>
    fetch(service.url + path, {
      method: 'POST',
      body,
      headers: type === null ? {} : { 'content-type': type },
    })

  /** What a refusal says; it is always a problem, and queues nothing. */
  async function refusal(reply: Response): Promise<Problem> {
    assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/)
    const problem = (await reply.json()) as Problem
    assert.ok(Value.Check(Problem, problem), JSON.stringify(problem))
    assert.equal(problem.status, reply.status)
    assert.deepEqual((await service.client.get<{ items: unknown[] }>('/v1/jobs')).items, [])
    return problem
  }

  const fields: [title: string, change: object, status: number, pointer: string, message: RegExp][] = [
    ['an unknown field', { lamda: 1 }, 400, '/lamda', /no field lamda/],
    ['an engine that does not exist', { engine: 'lane' }, 400, '/engine', /lanes/],
    [
      'flow in float32',
      { engine: 'tensorflow', training: { mode: 'flow', time: 1 } },
      422,
      '/engine',
      /float32 and has no flow/,
    ],
    [
      'float64 on a card',
      { device: 'cuda', training: { ...spec.training, precision: 'float64' } },
      422,
      '/device',
      /float64 is computed on the CPU/,
    ],
    [
      'int8x3 on TensorFlow',
      { engine: 'tensorflow', training: { ...spec.training, precision: 'int8x3' } },
      422,
      '/engine',
      /has no int8x3; ask for auto or lanes/,
    ],
    [
      'flow in int8x3',
      { training: { mode: 'flow', time: 1, precision: 'int8x3' } },
      400,
      '/training/precision',
      /float64/,
    ],
    ['a misspelt field', { data: { ...spec.data, lamda: [1] } }, 400, '/data/lamda', /mean lambda/],
    ['an unknown kind', { data: { kind: 'gausian' } }, 400, '/data/kind', /Did you mean gaussian/],
    [
      'a text for a number',
      { model: { kind: 'deep-linear', depth: '2' } },
      400,
      '/model/depth',
      /not a number/,
    ],
    ['true for a number', { seed: true }, 400, '/seed', /not a number/],
    ['null for a number', { seed: null }, 400, '/seed', /not a number/],
    ['a number in a list for a number', { seed: [1] }, 400, '/seed', /a list is not a number/],
    ['a seed beyond the exact integers', { seed: 2 ** 53 }, 400, '/seed', /the most allowed/],
    ['a depth of nine', { model: { kind: 'deep-linear', depth: 9 } }, 400, '/model/depth', /9 is above 8/],
    [
      'a learning rate in flow',
      { training: { mode: 'flow', time: 1, learningRate: 1 } },
      400,
      '/training/learningRate',
      /no field learningRate/,
    ],
    [
      'a negative variance',
      { data: { ...spec.data, sigmaY2: [-1, 1] } },
      400,
      '/data/sigmaY2/0',
      /-1 is below 0/,
    ],
    [
      'λ² > σ²σy²',
      { data: { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 1], sigmaY2: [0.1, 1] } },
      422,
      '/data/lambda/0',
      /./,
    ],
    [
      'lists of different lengths',
      { data: { kind: 'gaussian', lambda: [1, 2], rho: [0.5] } },
      422,
      '/data/rho',
      /./,
    ],
    [
      'a covariance that is not positive semidefinite',
      { data: { kind: 'covariance', Sxx: [[1]], Syx: [[2]] } },
      422,
      '/data',
      /./,
    ],
    [
      'a width below the features',
      { model: { kind: 'deep-linear', depth: 2, width: 1 } },
      422,
      '/model/width',
      /2/,
    ],
    [
      'steps and time at once',
      { training: { ...spec.training, time: 1 } },
      422,
      '/training/steps',
      /Both steps and time/,
    ],
    [
      'more steps than allowed',
      { training: { ...spec.training, steps: 1e7 } },
      422,
      '/training/steps',
      /JEPALAB_MAX_STEPS/,
    ],
    [
      'more memory than allowed',
      { model: { kind: 'deep-linear', depth: 8, width: 1024 } },
      422,
      '/model',
      /JEPALAB_MAX_MEMORY/,
    ],
  ]
  for (const [title, change, status, pointer, message] of fields) {
    it(`${title} is refused with ${status} at ${pointer}, and nothing is queued`, async () => {
      const problem = await refusal(await post(JSON.stringify({ ...spec, ...change })))
      assert.equal(problem.status, status, problem.detail)
      const fault = problem.errors?.find((error) => error.pointer.startsWith(pointer))
      assert.ok(fault, JSON.stringify(problem.errors))
      assert.match(fault.message, message)
    })
  }

  const net = {
    model: { kind: 'mlp', depth: 1, width: 8, activation: 'relu' },
    init: { kind: 'gaussian', scale: 1 },
    training: { mode: 'sgd', learningRate: 0.01, batchSize: 16, steps: 10 },
  }
  const convolutional = { kind: 'convolutional', channels: [4, 8], activation: 'relu' }
  const scenes = {
    ...{ kind: 'nonlinear', family: 'factors', factors: ['position-x'], lambda: [0.5], rho: [0.5], size: 8 },
  }
  const nets: typeof fields = [
    [
      'a convolutional net on a list of numbers',
      { model: convolutional },
      422,
      '/model/kind',
      /lists of 2 numbers and no images/,
    ],
    [
      'a kernel larger than the image',
      { data: scenes, model: { ...convolutional, kernel: 9 } },
      422,
      '/model/kernel',
      /9 is above the 8 × 8 positions/,
    ],
    [
      'a kernel larger than what is left of the image',
      { data: scenes, model: { ...convolutional, channels: [4, 4, 4], stride: 3 } },
      422,
      '/model/kernel',
      /3 is above the 1 × 1 positions that convolution 2 meets/,
    ],
    [
      'a batch larger than the stored set',
      { data: { ...scenes, samples: 8 } },
      422,
      '/training/batchSize',
      /16 is larger than the stored set of 8/,
    ],
    [
      'a net on two images',
      {
        data: { kind: 'images', dataset: 'mnist', limit: 2, views: { kind: 'flip' } },
        training: { ...net.training, batchSize: 2 },
      },
      422,
      '/data/limit',
      /Of 2 images a net has none left to train on/,
    ],
    [
      'an unknown activation',
      { model: { ...net.model, activation: 'rulu' } },
      400,
      '/model/activation',
      /Did you mean relu/,
    ],
    [
      'masked pixels where none are masked',
      { objective: 'mae', loss: { pixels: 'masked' } },
      422,
      '/loss/pixels',
      /hide no pixels/,
    ],
    ['an unknown mask', { loss: { pixels: 'hidden' } }, 400, '/loss/pixels', /"all", "masked"/],
    [
      'a balanced start of a net',
      { init: { kind: 'balanced', scale: 1 } },
      422,
      '/init/kind',
      /gaussian or orthogonal/,
    ],
    ['a net by flow', { training: { mode: 'flow', time: 1 } }, 422, '/training/mode', /use sgd/],
    [
      'a net by gradient descent',
      { training: { mode: 'gradient-descent', learningRate: 1, steps: 1 } },
      422,
      '/training/mode',
      /use sgd/,
    ],
    ['a net on lanes', { engine: 'lanes' }, 422, '/engine', /deep-linear models alone/],
    ['a net on the reference engine', { engine: 'reference' }, 422, '/engine', /deep-linear models alone/],
    [
      'the moments of a net',
      { training: { ...net.training, draws: 'moments' } },
      422,
      '/training/draws',
      /needs samples/,
    ],
    [
      'a net in float64',
      { training: { ...net.training, precision: 'float64' } },
      422,
      '/training/precision',
      /float32/,
    ],
    [
      'a net in int8x3',
      { training: { ...net.training, precision: 'int8x3' } },
      422,
      '/training/precision',
      /use compensated or float32/,
    ],
    ['an EMA of one', { loss: { target: { ema: 1 } } }, 400, '/loss/target/ema', /not below 1/],
    [
      'a probe of what is not known',
      { measure: { probes: ['latents'] } },
      422,
      '/measure/probes/0',
      /known latents/,
    ],
    [
      'an unknown probe',
      { measure: { probes: ['latent'] } },
      400,
      '/measure/probes/0',
      /Did you mean latents/,
    ],
    ['a net beyond the memory', {}, 422, '/', /JEPALAB_MAX_MEMORY/],
  ]
  for (const [title, change, status, pointer, message] of nets) {
    it(`${title} is refused with ${status} at ${pointer}, and nothing is queued`, async () => {
      const problem = await refusal(await post(JSON.stringify({ ...spec, ...net, ...change })))
      assert.equal(problem.status, status, problem.detail)
      const fault = problem.errors?.find((error) => error.pointer.startsWith(pointer))
      assert.ok(fault, JSON.stringify(problem.errors))
      assert.match(fault.message, message)
    })
  }

  it('what nets alone take is refused to deep linear models', async () => {
    const sgd = { ...net.training, clip: 1, optimizer: { kind: 'adam' }, weightDecay: 0.1 }
    const asked = { ...spec, training: sgd, loss: { variance: 1 }, measure: { probes: ['rank'] } }
    const problem = await refusal(await post(JSON.stringify(asked)))
    assert.deepEqual(
      problem.errors?.map(({ pointer }) => pointer),
      ['/loss', '/training/optimizer', '/training/weightDecay', '/training/clip', '/measure/probes'],
    )
  })

  for (const word of ['NaN', 'Infinity', '-Infinity']) {
    it(`${word} is refused with 400 and its position`, async () => {
      const text = JSON.stringify(spec).replace('0.8', word)
      const problem = await refusal(await post(text))
      assert.equal(problem.code, 'BODY_MALFORMED')
      assert.ok(
        problem.detail.includes(`unexpected ${word} at position ${text.indexOf(word)} `),
        problem.detail,
      )
    })
  }

  it('a number too large to be finite is refused with its pointer', async () => {
    const problem = await refusal(await post(JSON.stringify(spec).replace('0.8', '1e999')))
    assert.deepEqual(
      problem.errors?.map(({ pointer }) => pointer),
      ['/data/lambda/1'],
    )
  })

  it('an image file that is missing or truncated is named', async () => {
    for (const dataset of [join(folder, 'nothing-here'), truncated]) {
      const problem = await refusal(await post(JSON.stringify({ ...spec, data: images(dataset) })))
      assert.equal(problem.status, 422)
      assert.equal(problem.errors?.[0]?.pointer, '/data/dataset')
      assert.ok(problem.detail.includes(dataset), problem.detail)
    }
  })

  it('a body that is no JSON, another media type, too large or too deep has its own code', async () => {
    const large = `{"name":"${'x'.repeat(5 * 1024 * 1024)}"}`
    const cases: [Response, string, number][] = [
      [await post('{"objective":'), 'BODY_MALFORMED', 400],
      [await post(''), 'BODY_MALFORMED', 400],
      [await post(Uint8Array.of(0x22, 0xff, 0x22)), 'BODY_MALFORMED', 400],
      [await post('objective: jepa', 'application/yaml'), 'MEDIA_TYPE', 415],
      [await post('{}', 'text/plain'), 'MEDIA_TYPE', 415],
      [await post(Buffer.from('{}'), null), 'MEDIA_TYPE', 415],
      [await post(large), 'BODY_TOO_LARGE', 413],
      [await post('['.repeat(10_000)), 'BODY_TOO_DEEP', 400],
      [await post('[]'), 'SCHEMA_MISMATCH', 400],
      [await post('null'), 'SCHEMA_MISMATCH', 400],
    ]
    for (const [reply, code, status] of cases) {
      const problem = await refusal(reply)
      assert.deepEqual([problem.code, problem.status], [code, status])
    }
  })

  it('a body of a thousand faults gets a short answer', async () => {
    const lambda = Array.from({ length: 100_000 }, () => 'x')
    const reply = await post(JSON.stringify({ ...spec, data: { ...spec.data, lambda } }))
    const text = await reply.text()
    assert.equal(reply.status, 400)
    assert.ok(text.length < 10_000, `${text.length} bytes`)
  })

  it('an unknown path, method, query or cursor is a problem too', async () => {
    const cases: [path: string, method: string, status: number, code: string][] = [
      ['/v1/nothing', 'GET', 404, 'ROUTE_UNKNOWN'],
      ['/v1/jobs', 'DELETE', 404, 'ROUTE_UNKNOWN'],
      ['/v1/jobs?colour=red', 'GET', 400, 'SCHEMA_MISMATCH'],
      ...['none', '5.9', 'true', '0x10', '%205', ''].map((limit): [string, string, number, string] => [
        `/v1/jobs?limit=${limit}`,
        'GET',
        400,
        'SCHEMA_MISMATCH',
      ]),
      ['/v1/jobs/rnothing/figure.svg?colour=red', 'GET', 400, 'SCHEMA_MISMATCH'],
      ['/v1/jobs?after=nowhere', 'GET', 400, 'SCHEMA_MISMATCH'],
      ['/v1/jobs/%zz', 'GET', 400, 'REQUEST_MALFORMED'],
      ['/v1/jobs/rnothing', 'GET', 404, 'JOB_UNKNOWN'],
      ['/v1/jobs/..%2F..%2Fetc', 'GET', 404, 'JOB_UNKNOWN'],
    ]
    for (const [path, method, status, code] of cases) {
      const problem = await refusal(await fetch(service.url + path, { method }))
      assert.deepEqual([problem.status, problem.code], [status, code], path)
    }
  })

  it('bytes that are no HTTP get a problem and a closed connection', async () => {
    const { hostname, port } = new URL(service.url)
    const socket = connect(Number(port), hostname)
    socket.write('GARBAGE\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += chunk
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/)
    assert.match(text, /"code":"REQUEST_MALFORMED"/)
  })

  it('an estimate, a prediction and a spectrum refuse as a job does', async () => {
    const cases: [path: string, body: object, pointer: string][] = [
      ['/v1/estimates', { ...spec, objective: 'mea' }, '/objective'],
      ['/v1/predictions', { objective: 'jepa', depth: 2, scale: 0, lambda: [1], rho: [1] }, '/scale'],
      ['/v1/predictions', { objective: 'jepa', depth: 2, scale: 0.1, lambda: [1, 2], rho: [1] }, '/rho'],
      ['/v1/predictions/crossover', { depth: 2, scale: 0.1, rho: [1] }, '/rho'],
      ['/v1/spectra', { data: { ...spec.data, rho: [1] } }, '/data/rho'],
    ]
    for (const [path, body, pointer] of cases) {
      const problem = await refusal(await post(JSON.stringify(body), 'application/json', path))
      assert.ok([400, 422].includes(problem.status), problem.detail)
      assert.deepEqual([path, problem.errors?.[0]?.pointer], [path, pointer])
    }
  })
})
