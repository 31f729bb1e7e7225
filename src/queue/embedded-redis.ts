import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExperimentError } from '../experiment/failure.ts'
import { readInstallation } from '../experiment/installation.ts'
import { type HomeLock, lockHome } from './home-lock.ts'
import type { RedisAddress } from './redis.ts'
import { answersPing, type RedisProcess, reapLeftOver, startProcess } from './redis-process.ts'

/** A Redis to use. Whoever opened it closes it, which ends an embedded one; closing twice does no harm. */
export interface OpenRedis {
  readonly address: RedisAddress
  /** The embedded server's process, or null: REDIS_URL is used, or it is being started again. */
  pid(): number | null
  close(): Promise<void>
}

/** The two lines of a logger that are written here; pino's fits. */
export interface RedisLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface RedisWish {
  /** REDIS_URL; null embeds one. */
  readonly url: string | null
  /** The embedded one's own folder: redis under JEPALAB_HOME. */
  readonly folder: string
  /** A redis-server; the one that the set-up found, unless told. */
  readonly binary?: string
  readonly log: RedisLog
}

/** Kernels hold a socket's path in 108 bytes, with the ending zero. */
const LONGEST_SOCKET_PATH = 100
const READY_MS = 30_000
const SLOWEST_RESTART_MS = 5_000

/**
 * The Redis of REDIS_URL, or one of our own on a unix socket, so that no port is open and no password needed.
 * It writes every change to an append-only file (synced each second), evicts nothing, ends with this process
 * and is started again when it ends by itself. Redis only carries jobs; the ledger can fill an empty one, so
 * an append-only file that it cannot read is put aside rather than stopping the service.
 *
 * @throws HOME_IN_USE where another service has the folder, REDIS_UNSTARTED where no server starts
 */
export async function openRedis({ url, folder, binary, log }: RedisWish): Promise<OpenRedis> {
  if (url !== null) return { address: addressOf(url), pid: () => null, close: async () => {} }
  const server = binary ?? readInstallation().redis
  if (server === null) {
    const why = readInstallation().failures.redis
    throw new ExperimentError('REDIS_UNSTARTED', {
      why: why ? `${why.fact} ${why.remedy}` : 'no redis-server is set up here; run npm run setup',
    })
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = await lockHome(folder)
  try {
    await reapLeftOver(folder)
    const embedded = new EmbeddedRedis(server, resolve(folder), lock, log)
    await embedded.start()
    return embedded
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** REDIS_URL as it may be written: redis://, rediss://, unix:///path or a plain path. */
export function addressOf(url: string): RedisAddress {
  const path = url.replace(/^unix:\/\//, '')
  return path.startsWith('/') ? { path } : { url }
}

class EmbeddedRedis implements OpenRedis {
  readonly address: { readonly path: string }
  readonly #binary: string
  readonly #folder: string
  readonly #lock: HomeLock
  readonly #log: RedisLog
  readonly #socketFolder: string | null
  #process: RedisProcess | null = null
  #closing: Promise<void> | null = null
  #wake = new AbortController()
  #keeper: Promise<void> = Promise.resolve()

  constructor(binary: string, folder: string, lock: HomeLock, log: RedisLog) {
    this.#binary = binary
    this.#folder = folder
    this.#lock = lock
    this.#log = log
    const own = join(folder, 'redis.sock')
    this.#socketFolder = Buffer.byteLength(own) > LONGEST_SOCKET_PATH ? mkdtempSync('/tmp/jepalab-') : null
    this.address = { path: this.#socketFolder === null ? own : join(this.#socketFolder, 'redis.sock') }
  }

  pid(): number | null {
    return this.#process?.pid ?? null
  }

  async start(): Promise<void> {
    try {
      await this.#launch()
    } catch (error) {
      this.#removeSocket()
      throw error
    }
    this.#log.info({ redis: this.#binary, redisPid: this.pid(), path: this.address.path }, 'redis started')
    this.#keeper = this.#keep()
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#wake.abort()
    await this.#process?.end()
    await this.#keeper
    this.#removeSocket()
    await this.#lock.release()
  }

  /** Starts a server and waits until it answers; one start more after putting an unreadable file aside. */
  async #launch(): Promise<void> {
    const first = await this.#tryLaunch()
    if (first === null) return
    const aside = /Bad file format|Unexpected end of file|AOF.*(corrupt|invalid)/i.test(first)
      ? this.#putAside()
      : null
    if (aside === null) throw new ExperimentError('REDIS_UNSTARTED', { why: first })
    this.#log.warn({ aside, why: first }, 'the append-only file of redis was damaged; redis starts empty')
    const second = await this.#tryLaunch()
    if (second !== null) throw new ExperimentError('REDIS_UNSTARTED', { why: second })
  }

  /** Null when it answers, else what it said when it ended or that it did not answer in time. */
  async #tryLaunch(): Promise<string | null> {
    const child = startProcess(this.#binary, this.#folder, this.address.path)
    this.#process = child
    const deadline = performance.now() + READY_MS
    for (let wait = 5; performance.now() < deadline; wait = Math.min(100, wait * 1.5)) {
      if (child.hasEnded()) return child.lastWords()
      if (await answersPing(this.address.path)) return null
      await Promise.race([child.ended, sleep(wait)])
    }
    await child.end()
    return `it did not answer within ${READY_MS / 1000} s: ${child.lastWords()}`
  }

  /** Starts the server again whenever it ends, sooner the longer it had lived, until `close`. */
  async #keep(): Promise<void> {
    let wait = 50
    while (!this.#wake.signal.aborted) {
      const since = performance.now()
      const how = await this.#process!.ended
      if (this.#wake.signal.aborted) return
      wait = performance.now() - since > 10_000 ? 50 : Math.min(SLOWEST_RESTART_MS, wait * 2)
      this.#log.warn(
        { how, waitMs: wait, lastWords: this.#process!.lastWords() },
        'redis ended; it is started again',
      )
      await sleep(wait, undefined, { signal: this.#wake.signal }).catch(() => {}) // closing cuts the wait short
      if (this.#wake.signal.aborted) return
      await this.#launch().then(
        () => this.#log.info({ redisPid: this.pid() }, 'redis is back'),
        (error: Error) => this.#log.warn({ error: error.message }, 'redis did not start'),
      )
    }
  }

  #putAside(): string | null {
    const files = readdirSync(this.#folder).filter((name) => name.startsWith('appendonly'))
    if (files.length === 0) return null
    const aside = mkdtempSync(join(this.#folder, 'damaged-'))
    for (const name of files) renameSync(join(this.#folder, name), join(aside, name))
    return aside
  }

  #removeSocket(): void {
    rmSync(this.address.path, { force: true })
    if (this.#socketFolder !== null && existsSync(this.#socketFolder))
      rmSync(this.#socketFolder, { recursive: true })
  }
}
