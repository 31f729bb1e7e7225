import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { parse } from 'yaml'
import { openapiYaml } from '../../src/api/openapi-yaml.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

const written = readFileSync(join(repositoryRoot(), 'openapi.yaml'), 'utf8')
const document = parse(written) as {
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, { content?: object }> }>
  >
  components: { schemas: Record<string, object> }
}
const operations = Object.values(document.paths).flatMap((path) => Object.values(path))

it('openapi.yaml is the document of the app, to the letter (npm run openapi writes it)', async () => {
  assert.equal(written, await openapiYaml())
})

it('every reference has its schema and every schema is referred to', () => {
  const referred = new Set([...written.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]!))
  assert.deepEqual([...referred].toSorted(), Object.keys(document.components.schemas))
})

it('every operation has an id of its own and says what it answers when it fails', () => {
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  for (const { operationId, responses } of operations) {
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) < 400) continue
      assert.deepEqual(Object.keys(content ?? {}), ['application/problem+json'], `${operationId} ${status}`)
    }
  }
})

it('the document has every row of the HTTP table that is built', () => {
  const rows = [
    'POST /v1/jobs',
    'GET /v1/jobs',
    'GET /v1/jobs/{id}',
    'POST /v1/jobs/{id}/cancel',
    'GET /v1/jobs/{id}/result',
    'GET /v1/jobs/{id}/trajectory',
    'GET /v1/jobs/{id}/figure.svg',
    'GET /v1/jobs/{id}/figure.png',
    'GET /v1/jobs/{id}/figure.vl.json',
    'GET /v1/jobs/{id}/events',
    'GET /v1/jobs/{id}/artifacts',
    'GET /v1/jobs/{id}/artifacts/{name}',
    'POST /v1/datasets',
    'GET /v1/datasets',
    'GET /v1/datasets/{id}',
    'DELETE /v1/datasets/{id}',
    'POST /v1/sweeps',
    'GET /v1/sweeps',
    'GET /v1/sweeps/{id}',
    'PATCH /v1/sweeps/{id}',
    'POST /v1/sweeps/{id}/cancel',
    'GET /v1/sweeps/{id}/result',
    'GET /v1/sweeps/{id}/figure.svg',
    'GET /v1/sweeps/{id}/figure.png',
    'GET /v1/sweeps/{id}/figure.vl.json',
    'GET /v1/sweeps/{id}/figure.csv',
    'GET /v1/presets',
    'GET /v1/presets/{name}',
    'POST /v1/estimates',
    'POST /v1/predictions',
    'POST /v1/predictions/crossover',
    'POST /v1/spectra',
    'GET /healthz',
    'GET /readyz',
    'GET /metrics',
    'GET /openapi.json',
  ]
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(documented.toSorted(), rows.toSorted())
})
