import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { repositoryRoot } from '../../src/experiment/repository.ts'

/** Threads of ours and of every peer, and the cores that all of them are pinned to. */
export const THREADS = 2

export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** The cores of the measurement; null where the system cannot pin. */
  readonly pinned: string | null
  readonly node: string
  readonly commit: string
  /** The sources that were measured differ from the commit. */
  readonly changed: boolean
  readonly date: string
}

/**
 * Pins this process, and with it all that it starts, to the first two cores that it may use.
 *
 * @param sources what is measured: paths in the repository
 */
export function describeMachine(sources: readonly string[]): Machine {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: repositoryRoot(), encoding: 'utf8' }).trim()
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    pinned: pin(),
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD'),
    changed: git('status', '--porcelain', '--', ...sources).length > 0,
    date: new Date().toISOString().slice(0, 10),
  }
}

function pin(): string | null {
  if (process.platform !== 'linux') return null
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  const cores = allowed.split(',').flatMap((part) => {
    const [from, to] = part.split('-').map(Number) as [number, number?]
    return Array.from({ length: (to ?? from) - from + 1 }, (_, k) => from + k)
  })
  const chosen = cores.slice(0, THREADS).join(',')
  try {
    execFileSync('taskset', ['-a', '-p', '-c', chosen, String(process.pid)], { stdio: 'ignore' })
    return chosen
  } catch {
    return null // no taskset: told in the result
  }
}

/** The share of the cores that other processes take, over so many milliseconds; null where it cannot be told. */
export async function othersShare(milliseconds: number): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const busy = () => {
    const [user, nice, system, idle, wait, irq, soft, steal] = readFileSync('/proc/stat', 'utf8')
      .split('\n')[0]!
      .split(/\s+/)
      .slice(1)
      .map(Number) as [number, number, number, number, number, number, number, number]
    const working = user + nice + system + irq + soft + steal
    return { working, all: working + idle + wait }
  }
  const before = busy()
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  const after = busy()
  return (after.working - before.working) / Math.max(1, after.all - before.all)
}
