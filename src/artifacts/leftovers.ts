import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/**
 * Files and folders in the making. Their names tell which process on which host makes them, so that the next writer
 * can clear what a dead one left: `.<purpose>~<host>~<pid>~<random>`.
 */
const PATTERN = /^\..+~([^~]+)~(\d+)~[0-9a-f-]+$/
const ABANDONED_MS = 3_600_000 // no run's files take an hour to write; covers dead writers on other hosts

/** A name that nobody else uses, for a file or folder of this process. */
export function leftoverName(purpose: string): string {
  return `.${purpose}~${safeHostname()}~${process.pid}~${randomUUID()}`
}

/**
 * Removes what dead writers left in a folder: those of this host whose process is gone, and those of any
 * host that are an hour older than `fresh`, one made just now (both times are the file system's, so
 * no two clocks are compared).
 */
export async function clearLeftovers(folder: string, fresh: string): Promise<void> {
  const now = (await stat(fresh)).mtimeMs
  for (const name of await readdir(folder)) {
    const [, host, pid] = PATTERN.exec(name) ?? []
    if (host === undefined) continue
    const path = join(folder, name)
    const dead = host === safeHostname() && !isAlive(Number(pid))
    if (dead || now - (await modifiedMs(path, now)) > ABANDONED_MS) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

function safeHostname(): string {
  return hostname().replaceAll(/[^A-Za-z0-9.-]/g, '_')
}

async function modifiedMs(path: string, whenGone: number): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return whenGone // its writer was quicker
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, but is somebody else's
  }
}
