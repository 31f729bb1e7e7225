import { createConnection } from 'node:net'
import type { Installation } from '../experiment/installation.ts'
import type { Settings } from '../settings.ts'
import { type Finding, outputOf } from './finding.ts'

/** The Redis of REDIS_URL and whether it answers, or the server that would be embedded. */
export async function checkRedis(
  { redis, failures }: Installation,
  settings: Settings | null,
): Promise<Finding> {
  const name = 'Redis'
  if (settings?.redisUrl) return checkRedisUrl(settings.redisUrl)
  const failure = failures.redis
  const remedy = failure?.remedy ?? 'Run npm run setup, or set REDIS_URL.'
  if (redis === null) return { name, ok: false, says: failure?.fact ?? 'not set up', remedy, facts: {} }
  const version = /v=(\S+)/.exec(outputOf(redis, ['--version']) ?? '')?.[1]
  const facts = { embedded: true, path: redis, version: version ?? null }
  if (version === undefined) return { name, ok: false, says: `${redis} does not run`, remedy, facts }
  return { name, ok: true, says: `${version}, embedded, ${redis}`, facts }
}

async function checkRedisUrl(text: string): Promise<Finding> {
  const name = 'Redis'
  const path = text.replace(/^unix:\/\//, '')
  const url = path.startsWith('/') ? null : new URL(text)
  const place = url === null ? path : `${url.hostname}:${url.port || 6379}`
  const at = url === null ? { path } : { host: url.hostname, port: Number(url.port || 6379) }
  const fault = await new Promise<string | null>((resolve) => {
    const socket = createConnection(at)
    const settle = (answer: string | null) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(5_000, () => settle('no answer in 5 s'))
    socket.once('error', (error) => settle(error.message))
    socket.once('connect', () => settle(null))
  })
  const facts = { embedded: false, place, reachable: fault === null }
  if (fault === null) return { name, ok: true, says: `${place}, as REDIS_URL says`, facts }
  const remedy = 'Start that Redis, or unset REDIS_URL to embed one.'
  return { name, ok: false, says: `${place} cannot be reached: ${fault}`, remedy, facts }
}
