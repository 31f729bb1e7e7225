import type { ArgsDef } from 'citty'
import { readSettings } from '../settings.ts'
import { ApiClient, CommandError } from './client.ts'

/** The option that every command over HTTP takes. */
export const URL_ARG = {
  url: {
    type: 'string',
    valueHint: 'http://host:port',
    description: 'Where the service is (default: JEPALAB_HOST and JEPALAB_PORT, http://127.0.0.1:8080)',
  },
} as const satisfies ArgsDef

export const JSON_ARG = {
  json: { type: 'boolean', description: 'Print JSON, as the API answered it' },
} as const satisfies ArgsDef

export const ID_ARG = {
  id: { type: 'positional', description: 'Id of a job or a sweep, or the beginning of one', required: true },
} as const satisfies ArgsDef

/** A client for the service that the options or the environment name. */
export function connect(args: { readonly url?: string | undefined }): ApiClient {
  if (args.url !== undefined) {
    if (!URL.canParse(args.url)) throw new CommandError(`--url ${args.url} is no URL; give http://host:port.`)
    return new ApiClient(args.url)
  }
  const { host, port } = readSettings(process.env)
  return new ApiClient(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
}

interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly nextCursor: string | null
}

const WHOLE_ID = /^[rs][a-z2-7]{26}$/

/** Ids of jobs begin with r, those of sweeps with s. */
export function isSweep(id: string): boolean {
  return id.startsWith('s')
}

/**
 * The whole id of a job or a sweep that a user means by the beginning of one.
 *
 * @throws CommandError where none or more than one begins so
 */
export async function findId(client: ApiClient, prefix: string): Promise<string> {
  if (WHOLE_ID.test(prefix)) return prefix
  const [noun, list, command] = isSweep(prefix)
    ? ['sweep', '/v1/sweeps', 'jepalab ls --sweeps']
    : ['job', '/v1/jobs', 'jepalab ls']
  const found: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const page: Page = await client.get<Page>(`${list}?limit=200${cursor}`)
    found.push(...page.items.map(({ id }) => id).filter((id) => id.startsWith(prefix)))
    after = page.nextCursor
  }
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new CommandError(`No ${noun}'s id begins with ${prefix}. List them with ${command}.`)
  const some = found.slice(0, 3).map((id) => id.slice(0, prefix.length + 4))
  throw new CommandError(
    `${found.length} ${noun}s begin with ${prefix} (${some.join(', ')}…); give more letters.`,
  )
}
