import assert from 'node:assert/strict'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** Requests over a real socket, with replies held to their schemas. */
export class Calls {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  post(path: string, body?: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers }
    return fetch(this.#url + path, { method: 'POST', ...sent })
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#url + path, { headers })
  }

  async read<T>(path: string, schema: TSchema): Promise<T> {
    const reply = await this.get(path)
    assert.equal(reply.status, 200, path)
    assert.match(reply.headers.get('content-type')!, /^application\/json/)
    return checked<T>(schema, await reply.json())
  }
}

/** The value, which must be of the schema. */
export function checked<T>(schema: TSchema, value: unknown): T {
  const errors = [...Value.Errors(schema, value)].slice(0, 3)
  assert.deepEqual(errors, [], JSON.stringify(errors))
  return value as T
}

/** The sentence of a reply that must be this problem. */
export async function problem(reply: Response, status: number, code: string): Promise<string> {
  const text = await reply.text()
  assert.equal(reply.status, status, text)
  assert.match(reply.headers.get('content-type')!, /^application\/problem\+json/)
  const body = JSON.parse(text) as { code: string; detail: string }
  assert.equal(body.code, code)
  return body.detail
}
