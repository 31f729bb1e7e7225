import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const DRIVER = '/proc/driver/nvidia'

/** NVIDIA's driver and cards on this machine; `driver: null` where there is none. */
export interface Gpus {
  readonly driver: string | null
  readonly names: readonly string[]
}

/**
 * The cards that the driver shows, all of them whatever CUDA_VISIBLE_DEVICES says. Read from /proc, which is
 * quick; under WSL, where /proc has none, from nvidia-smi.
 */
export function findGpus(): Gpus {
  if (!existsSync(DRIVER)) return askNvidiaSmi()
  const version = readFileSync(join(DRIVER, 'version'), 'utf8')
  const driver = /Kernel Module(?: for \S+)?\s+([\d.]+)/.exec(version)?.[1] ?? 'of unknown version'
  const folder = join(DRIVER, 'gpus')
  const cards = existsSync(folder) ? readdirSync(folder) : []
  return { driver, names: cards.map((card) => nameOf(join(folder, card, 'information'))) }
}

function nameOf(file: string): string {
  if (!existsSync(file)) return 'NVIDIA GPU'
  return /^Model:\s*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 'NVIDIA GPU'
}

function askNvidiaSmi(): Gpus {
  const query = ['--query-gpu=driver_version,name', '--format=csv,noheader']
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000 })
  if (status !== 0) return { driver: null, names: [] }
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.split(', '))
  return { driver: rows[0]?.[0] ?? null, names: rows.map((row) => row[1] ?? 'NVIDIA GPU') }
}
