import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** One redis-server under this process. */
export interface RedisProcess {
  readonly pid: number | null
  /** Resolves when it has ended, with how: an exit code, a signal, or why it could not be run. Never rejects. */
  readonly ended: Promise<string>
  hasEnded(): boolean
  /** The last lines that it printed. */
  lastWords(): string
  /** SIGTERM, at which it writes what it holds; SIGKILL after 5 s. */
  end(): Promise<void>
}

const END_MS = 5_000

/**
 * Starts a redis-server on a unix socket in its folder. It dies with this process: by the kernel's
 * parent-death signal where `setpriv` can set it, else by `reapLeftOver` at the next start.
 */
export function startProcess(binary: string, folder: string, socket: string): RedisProcess {
  const [program, ...args] = [...deathGuard(), binary, ...settingsOf(folder, socket)]
  // A session of its own: an interrupt typed at the terminal reaches the service, which ends Redis last.
  const child = spawn(program!, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      words = (words + chunk).slice(-2_000)
    })
  }
  let over = false
  const ended = new Promise<string>((resolve) => {
    const settle = (how: string) => {
      over = true
      rmSync(pidFile(folder), { force: true })
      resolve(how)
    }
    child.once('error', (error) => {
      words += error.message
      settle(error.message)
    })
    child.once('close', (code, signal) => settle(signal ?? `exit ${code}`))
  })
  if (child.pid !== undefined) writeFileSync(pidFile(folder), `${child.pid}\n`)
  return {
    pid: child.pid ?? null,
    ended,
    hasEnded: () => over,
    lastWords: () => words.trim().split('\n').slice(-3).join(' | ') || 'it printed nothing',
    async end() {
      if (over) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

function settingsOf(folder: string, socket: string): string[] {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    daemonize: 'no',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'aof-load-truncated': 'yes', // a write cut short by a crash is dropped, the rest is kept
    save: '',
    'maxmemory-policy': 'noeviction',
    loglevel: 'notice',
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

let guard: string[] | undefined

function deathGuard(): string[] {
  const words = ['setpriv', '--pdeathsig', 'KILL', '--']
  guard ??= spawnSync(words[0]!, [...words.slice(1), 'true']).status === 0 ? words : []
  return guard
}

function pidFile(folder: string): string {
  return join(folder, 'redis.pid')
}

/** Ends a redis-server that a killed service left in this folder. The caller holds the folder's lock. */
export async function reapLeftOver(folder: string): Promise<void> {
  const pid = Number(readOr(() => readFileSync(pidFile(folder), 'utf8'), ''))
  if (!Number.isInteger(pid) || pid <= 0) return
  const name = readOr(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '')
  const place = readOr(() => readlinkSync(`/proc/${pid}/cwd`), '')
  // The number may belong to another program by now: only a redis-server at work in this folder is ours.
  if (name === 'redis-server' && place === realpathSync(folder)) {
    process.kill(pid, 'SIGKILL')
    while (existsSync(`/proc/${pid}/cwd`)) await sleep(10) // its file must be free before the next one reads it
  }
  rmSync(pidFile(folder), { force: true })
}

function readOr(read: () => string, otherwise: string): string {
  try {
    return read()
  } catch {
    return otherwise // no such file: no such process
  }
}

/** True where a Redis on this socket says PONG, which it does once its file is loaded. */
export function answersPing(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => settle(false))
    socket.once('error', () => settle(false)) // not listening yet
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')))
  })
}
