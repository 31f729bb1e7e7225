import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExperimentError } from '../experiment/failure.ts'

const TRIES = 10
const PAUSE_MS = 100

/** A folder held by this process. */
export interface HomeLock {
  release(): Promise<void>
}

/**
 * Holds a state folder for one service of this machine. The lock is an abstract unix socket, which the kernel
 * frees when its process ends, however it ends: no stale lock can stand in the way. `service.pid` beside it
 * only tells people who holds it.
 *
 * @throws HOME_IN_USE where a living process holds the folder
 */
export async function lockHome(folder: string): Promise<HomeLock> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'service.pid')
  const digest = createHash('sha256').update(realpathSync(folder)).digest('hex')
  const server = await listenSoon(`\0jepalab-home-${digest.slice(0, 32)}`)
  if (server === null) throw new ExperimentError('HOME_IN_USE', { folder, pid: readPid(file) })
  writeFileSync(file, `${process.pid}\n`)
  let released: Promise<void> | undefined
  return {
    release() {
      released ??= new Promise((resolve) => {
        rmSync(file, { force: true })
        server.close(() => resolve())
      })
      return released
    },
  }
}

/** A process that was killed is seen dead a moment before the kernel frees its sockets, so a taken name is tried again. */
async function listenSoon(name: string): Promise<Server | null> {
  for (let tries = 1; ; tries++) {
    const server = await listen(name)
    if (server !== null || tries === TRIES) return server
    await sleep(PAUSE_MS)
  }
}

function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(name, () => resolve(server))
  })
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown' // the holder has not written it yet, or has just removed it
  }
}
