import { defineCommand } from 'citty'
import { type LocalService, startService } from '../local-service.ts'
import { untilSignal } from '../until-signal.ts'

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
    return keepService(env)
  },
})

async function keepService(env: NodeJS.ProcessEnv): Promise<number> {
  const note = (line: string) => process.stderr.write(`${line}\n`)
  const signal = untilSignal()
  const service = await startService(env, note, signal)
  tellStart(service)
  const came = await Promise.race([signal, service.ended.then(() => null)])
  if (came !== null) note(`${came}: workers hand back what they train, then the service ends`)
  await service.close()
  return came === null ? 1 : 0
}

function tellStart({ url, settings: { workers, home } }: LocalService): void {
  const hands = workers === 1 ? '1 worker' : `${workers} workers`
  process.stdout.write(
    `jepalab listens on ${url} (${hands}, state in ${home}); documentation at ${url}/docs\n`,
  )
}
