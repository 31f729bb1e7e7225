import type { Settings } from '../settings.ts'
import { CommandError } from './client.ts'
import { KeptChild, siblingModule } from './kept-child.ts'

/** A service on this machine: API, Redis and workers, all descendants of this process. */
export interface LocalService {
  /** Where the API listens. */
  readonly url: string
  readonly settings: Settings
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
 * process of its own so that nothing here can hold it up; it starts before anything else is loaded, and is the one
 * to refuse settings.
 *
 * @param note takes a line for the operator
 * @param stop settles with the name of a signal that ends it while it still starts
 * @throws CommandError where the API ends before it listens; it has said why on standard error
 */
export async function startService(
  env: NodeJS.ProcessEnv,
  note: (line: string) => void,
  stop: Promise<string> = new Promise(() => {}),
): Promise<LocalService> {
  let heard: (said: Listening) => void = () => {}
  const first = new Promise<Listening>((resolve) => {
    heard = resolve
  })
  let up = false
  const file = siblingModule('../api/server', import.meta.url)
  // A service that never came up has said why; one that did is brought back.
  const hearer = { message: (said: unknown) => heard(said as Listening), again: () => up, note }
  const api = new KeptChild({ name: 'api', file, env, graceMs: GRACE_MS }, hearer)
  const said = await Promise.race([first, api.ended.then(() => null), stop])
  if (typeof said === 'string') {
    await api.close()
    throw new CommandError(`${said} came before the service listened.`)
  }
  if (said === null) throw new CommandError('The service did not start; the lines above say why.')
  up = true
  const [{ readSettings }, { startWorkers }] = await Promise.all([
    import('../settings.ts'),
    import('./workers.ts'),
  ])
  const settings = readSettings(env)
  const workersOn = (redis: string) => startWorkers(settings, { ...env, REDIS_URL: redis }, note)
  let { redis } = said
  let workers = workersOn(redis)
  heard = (again) => {
    if (again.redis === redis) return
    const former = workers
    redis = again.redis
    workers = workersOn(redis)
    for (const worker of former) void worker.close()
  }
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    await api.close()
  }
  return { url: said.listening, settings, ended: api.ended, close }
}
