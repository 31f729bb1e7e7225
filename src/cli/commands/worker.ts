import { defineCommand } from 'citty'
import { readSettings } from '../../settings.ts'
import { CommandError } from '../client.ts'
import { untilSignal } from '../until-signal.ts'
import { startWorkers } from '../workers.ts'

/** jepalab worker: workers alone, for a service on this host or another with the same Redis and artifact folder. */
export const worker = defineCommand({
  meta: {
    name: 'worker',
    description: 'Start workers for the service behind REDIS_URL and JEPALAB_ARTIFACTS',
  },
  args: {
    workers: { type: 'string', description: 'How many (default: JEPALAB_WORKERS, one per GPU or 1)' },
  },
  async run({ args }) {
    const env = { ...process.env }
    if (args.workers !== undefined) env.JEPALAB_WORKERS = args.workers
    const settings = readSettings(env)
    if (settings.redisUrl === null) {
      throw new CommandError('REDIS_URL is not set; give the Redis of the service that is to be helped.')
    }
    const note = (line: string) => process.stderr.write(`${line}\n`)
    const workers = startWorkers(settings, { ...env, REDIS_URL: settings.redisUrl }, note)
    note(`${workers.length} worker(s) take jobs; artifacts go to ${settings.artifacts}`)
    note(`${await untilSignal()}: workers hand back what they train`)
    await Promise.all(workers.map((each) => each.close()))
    return 0
  },
})
