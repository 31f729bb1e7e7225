import type { FieldFault } from '../experiment/failure.ts'
import type { JobView } from '../experiment/job-view.ts'
import type { JobState } from '../experiment/states.ts'

/** What goes wrong at the command line and is told as its sentence alone. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly FieldFault[]
}

/** An error that the API answered: its sentence, then a line for each field at fault. */
export class ApiError extends CommandError {
  readonly problem: Problem

  constructor(problem: Problem) {
    const faults = (problem.errors ?? []).map(({ pointer, message }) => `\n  ${pointer || '/'}  ${message}`)
    super(`${problem.detail}${faults.join('')}`)
    this.problem = problem
  }
}

export interface EventMessage {
  readonly id: number | null
  readonly type: 'state' | 'progress'
  readonly data: Pick<JobView, 'attempt' | 'progress' | 'reason'> & { readonly state: JobState }
}

/** The API over HTTP, as the command line and the demo use it. */
export class ApiClient {
  readonly url: string

  /** @param url where the service listens, as http://127.0.0.1:8080 */
  constructor(url: string) {
    this.url = url.replace(/\/+$/, '')
  }

  /** @throws ApiError, or CommandError where nothing answers */
  async get<T>(path: string): Promise<T> {
    return (await (await this.fetch(path)).json()) as T
  }

  async getBytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.fetch(path)).arrayBuffer())
  }

  /** @param body JSON text or a value; a text is sent as it is, so that the API's positions are the user's */
  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#send('POST', path, body)
  }

  /** @param body as in `post` */
  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#send('PATCH', path, body)
  }

  async #send<T>(method: string, path: string, body: unknown): Promise<T> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { headers, body: text }
    return (await (await this.fetch(path, { method, ...sent })).json()) as T
  }

  /** @throws ApiError, or CommandError where nothing answers */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    const reply = await fetch(this.url + path, init).catch((cause: unknown) => {
      if (init?.signal?.aborted) throw cause
      throw new CommandError(
        `No jepalab service answers at ${this.url}. Start one with jepalab serve, or name another with --url.`,
        { cause },
      )
    })
    if (reply.ok) return reply
    const text = await reply.text()
    if (reply.headers.get('content-type')?.startsWith('application/problem+json')) {
      throw new ApiError(JSON.parse(text) as Problem)
    }
    throw new CommandError(`${this.url}${path} answered ${reply.status} and is no jepalab service.`)
  }
}
