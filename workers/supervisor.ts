import { pino } from 'pino'
import { ExperimentError } from '../src/experiment/failure.ts'
import { addressOf } from '../src/queue/embedded-redis.ts'
import { QUEUE_NAME } from '../src/queue/redis.ts'
import { readSettings } from '../src/settings.ts'
import { openStation } from './station.ts'

/**
 * The main of a worker: takes cohorts from the queue in Redis and writes results into the artifact folder. It needs
 * these two alone, so it runs on any host: REDIS_URL and JEPALAB_ARTIFACTS. SIGTERM and SIGINT hand the cohort under
 * way back to the queue.
 */
const LOCK_MS = 8_000
const STALLED_MS = 1_000 // a lost run is found 6 to 10 s after its worker died
const LEAVE_MS = 8_000 // Redis may be away just now; then the lock lapses by itself

const settings = readSettings(process.env)
const log = pino({ name: 'supervisor', level: settings.logLevel })
if (settings.redisUrl === null) {
  const wanted = 'the URL of the Redis that the API uses; `jepalab serve` starts its own workers'
  throw new ExperimentError('ENVIRONMENT_INVALID', { name: 'REDIS_URL', value: '', wanted })
}

const station = openStation({
  redis: addressOf(settings.redisUrl),
  queue: QUEUE_NAME,
  artifacts: settings.artifacts,
  checkpointMs: 1000 * settings.checkpointSeconds,
  lockMs: LOCK_MS,
  stalledMs: STALLED_MS,
  log,
})

async function leave(signal: string): Promise<void> {
  log.info({ signal }, 'supervisor leaves')
  setTimeout(() => process.exit(1), LEAVE_MS)
  await station.leave()
  process.exit(0)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void leave(signal))
// Where serve started this process over IPC, it ends with serve.
process.on('disconnect', () => void leave('disconnect'))
if (process.connected === false) void leave('disconnect') // it was gone before this line
