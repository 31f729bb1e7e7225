import { type Logger, pino } from 'pino'
import { ExperimentError } from '../experiment/failure.ts'
import { readSettings, type Settings } from '../settings.ts'
import { openService, type Service } from './service.ts'

/**
 * The main of the API: reads the settings, opens the service, listens, and tells its parent where over IPC.
 * SIGTERM, SIGINT and a parent that is gone end it in order.
 */
const LEAVE_MS = 9_000
/** A parent that was killed leaves workers behind that need Redis to hand back what they train. */
const ORPHAN_MS = 1_500

let service: Service | undefined

/** Ends in order. What is not open yet ends with the process: Redis has it from the kernel. */
function leave(why: string, log: Logger): void {
  log.info({ why }, 'the API leaves')
  setTimeout(() => process.exit(1), LEAVE_MS)
  const closed = service?.close() ?? Promise.resolve()
  closed.then(
    () => process.exit(0),
    (error) => {
      log.error({ err: error }, 'not closed in order')
      process.exit(1)
    },
  )
}

async function start(): Promise<void> {
  const settings = readSettings(process.env)
  const log = pino({ name: 'api', level: settings.logLevel })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leave(signal, log))
  // Where serve started this process over IPC, it ends with serve, however that ended.
  process.on('disconnect', () => setTimeout(() => leave('disconnect', log), ORPHAN_MS))
  if (process.connected === false) return leave('disconnect', log)
  service = await openService({ settings, log, clock: () => Date.now() })
  const listening = await listen(service, settings)
  log.info({ listening }, 'the API listens')
  if (process.connected) process.send?.({ listening, redis: service.redis })
  service.compute.warm()
}

async function listen(service: Service, { host, port }: Settings): Promise<string> {
  try {
    return await service.app.listen({ host, port })
  } catch (error) {
    await service.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const wanted = `a port of ${host} that no other program has; 0 takes any free one`
    throw new ExperimentError('ENVIRONMENT_INVALID', { name: 'JEPALAB_PORT', value: String(port), wanted })
  }
}

start().catch((error: unknown) => {
  const known = error instanceof ExperimentError
  process.stderr.write(`${known ? error.message : ((error as Error).stack ?? error)}\n`)
  process.exit(1)
})
