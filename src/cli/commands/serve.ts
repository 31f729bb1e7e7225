import { defineCommand } from 'citty'
import { readSettings, type Settings } from '../../settings.ts'
import { KeptChild, siblingModule } from '../kept-child.ts'
import { untilSignal } from '../until-signal.ts'
import { startWorkers } from '../workers.ts'

/** What the API's process says over IPC once it listens. */
interface Listening {
  readonly listening: string
  readonly redis: string
}

const GRACE_MS = 10_000

/**
 * jepalab serve: the API with its embedded Redis in one child, workers in others, all kept alive and all
 * ended with this process. The API has a process of its own so that nothing here can hold it up.
 */
export const serve = defineCommand({
  meta: {
    name: 'serve',
    description: 'Start the API, an embedded Redis (unless REDIS_URL) and local workers',
  },
  args: {
    host: { type: 'string', description: 'Address to listen on (default: JEPALAB_HOST, 127.0.0.1)' },
    port: { type: 'string', description: 'Port, 0 for any free one (default: JEPALAB_PORT, 8080)' },
    workers: { type: 'string', description: 'Workers here (default: JEPALAB_WORKERS, one per GPU or 1)' },
  },
  async run({ args }) {
    const env = { ...process.env }
    if (args.host !== undefined) env.JEPALAB_HOST = args.host
    if (args.port !== undefined) env.JEPALAB_PORT = args.port
    if (args.workers !== undefined) env.JEPALAB_WORKERS = args.workers
    return keepService(env, readSettings(env))
  },
})

async function keepService(env: NodeJS.ProcessEnv, settings: Settings): Promise<number> {
  let redis: string | undefined
  let workers: KeptChild[] = []
  const note = (line: string) => process.stderr.write(`${line}\n`)
  const file = siblingModule('../../api/server', import.meta.url)
  const hear = (message: unknown) => {
    const { listening, redis: address } = message as Listening
    if (address !== redis) {
      const former = workers
      workers = startWorkers(settings, { ...env, REDIS_URL: address }, note)
      for (const worker of former) void worker.close()
    }
    if (redis === undefined) tellStart(listening, settings)
    redis = address
  }
  // A service that never came up has said why; one that did is brought back.
  const again = () => redis !== undefined
  const api = new KeptChild({ name: 'api', file, env, graceMs: GRACE_MS }, { message: hear, again, note })
  const came = await Promise.race([untilSignal(), api.ended.then(() => null)])
  if (came !== null) note(`${came}: workers hand back what they train, then the service ends`)
  await Promise.all(workers.map((worker) => worker.close()))
  await api.close()
  return came === null ? 1 : 0
}

function tellStart(url: string, { workers, home }: Settings): void {
  const hands = workers === 1 ? '1 worker' : `${workers} workers`
  process.stdout.write(
    `jepalab listens on ${url} (${hands}, state in ${home}); documentation at ${url}/docs\n`,
  )
}
