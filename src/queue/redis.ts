import { Redis } from 'ioredis'

/** Where Redis is: a unix socket, or a URL such as redis://host:6379 or rediss://… */
export type RedisAddress = { readonly path: string } | { readonly url: string }

/** Which keys are ours. Tests take a prefix of their own. */
export interface QueueName {
  readonly prefix: string
  readonly name: string
}

/** Keys start with `bull:`, BullMQ's own prefix, which is what a Redis ACL for it allows. */
export const QUEUE_NAME: QueueName = { prefix: 'bull', name: 'jepalab' }

/** A lost connection is tried again after at most this long, so that a restart of Redis costs a second. */
const RETRY_MS = 1000
const retryStrategy = (times: number) => Math.min(50 * 2 ** times, RETRY_MS)

/**
 * Options for connections that wait for Redis as long as it takes: workers and readers of events. BullMQ
 * makes the connections itself from these, for it needs some of them to block.
 */
export function patientOptions(address: RedisAddress) {
  return { ...address, retryStrategy, maxRetriesPerRequest: null }
}

/** A connection that waits for Redis as long as it takes. The caller closes it with `disconnect()`. */
export function connectPatiently(address: RedisAddress): Redis {
  return connect(address, { retryStrategy, maxRetriesPerRequest: null })
}

/**
 * A connection that refuses at once while Redis is away, for work that an HTTP request waits on: with the
 * defaults `add` hangs for 30 s and more (facts: queue).
 */
export function connectImpatiently(address: RedisAddress): Redis {
  return connect(address, {
    retryStrategy,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 5000,
  })
}

/** The settings that differ between the two. */
interface Temper {
  readonly retryStrategy: (times: number) => number
  readonly maxRetriesPerRequest: number | null
  readonly enableOfflineQueue?: boolean
  readonly commandTimeout?: number
}

function connect(address: RedisAddress, temper: Temper): Redis {
  return 'url' in address ? new Redis(address.url, temper) : new Redis({ ...temper, path: address.path })
}
