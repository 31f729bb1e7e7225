import type { Settings } from '../settings.ts'
import { CommandError } from './client.ts'
import { KeptChild, siblingModule } from './kept-child.ts'
import { startWorkers } from './workers.ts'

/** A service on this machine: API, Redis and workers, all descendants of this process. */
export interface LocalService {
  /** Where the API listens. */
  readonly url: string
  /** Settles when the API is gone and not brought back. */
  readonly ended: Promise<void>
  /** Workers hand back what they train, then all of it ends. May be called twice. */
  close(): Promise<void>
}

/** What the API's process says over IPC once it listens, again after each restart. */
interface Listening {
  readonly listening: string
  readonly redis: string
}

const GRACE_MS = 10_000

/**
 * Starts the API with its Redis in one child and workers in others, and keeps them alive. The API has a
 * process of its own so that nothing here can hold it up.
 *
 * @param note takes a line for the operator
 * @throws CommandError where the API ends before it listens; it has said why on standard error
 */
export async function startService(
  env: NodeJS.ProcessEnv,
  settings: Settings,
  note: (line: string) => void,
): Promise<LocalService> {
  let resolveUrl: (url: string) => void = () => {}
  const up = new Promise<string>((resolve) => {
    resolveUrl = resolve
  })
  let redis: string | undefined
  let workers: KeptChild[] = []
  const message = (said: unknown) => {
    const { listening, redis: address } = said as Listening
    if (address !== redis) {
      const former = workers
      workers = startWorkers(settings, { ...env, REDIS_URL: address }, note)
      for (const worker of former) void worker.close()
    }
    redis = address
    resolveUrl(listening)
  }
  const file = siblingModule('../api/server', import.meta.url)
  // A service that never came up has said why; one that did is brought back.
  const again = () => redis !== undefined
  const api = new KeptChild({ name: 'api', file, env, graceMs: GRACE_MS }, { message, again, note })
  const url = await Promise.race([up, api.ended.then(() => null)])
  if (url === null) throw new CommandError('The service did not start; the lines above say why.')
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    await api.close()
  }
  return { url, ended: api.ended, close }
}
