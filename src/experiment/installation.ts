import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository.ts'

/** What kept a part of the set-up from being done, and the command that mends it. */
export interface SetupFailure {
  readonly fact: string
  readonly remedy: string
}

/** What the set-up (native/setup) left in this checkout. */
export interface Installation {
  /** null: not set up. `off`: not wanted. `folder` holds the libraries. */
  readonly tensorflow: {
    variant: 'cpu' | 'cuda' | 'off'
    version: string | null
    folder: string | null
  } | null
  /** Our own operations in TensorFlow, in `folder`; null: not built. */
  readonly kernels: { folder: string; instructionSets: readonly string[]; compiler: string } | null
  /** The kernels of engine lanes and the addon over them, in `folder`; null: not built. */
  readonly lanes: { folder: string; instructionSets: readonly string[]; compiler: string } | null
  /** Full path of a redis-server, or null. */
  readonly redis: string | null
  /** The per-user cache that the set-up fills, or null before the first set-up. */
  readonly cache: string | null
  readonly failures: Readonly<Record<string, SetupFailure>>
}

const NOTHING: Installation = {
  tensorflow: null,
  kernels: null,
  lanes: null,
  redis: null,
  cache: null,
  failures: {},
}

/** Reads the set-up's record, node_modules/.jepalab/found.json; without one nothing is set up. */
export function readInstallation(
  file = join(repositoryRoot(), 'node_modules/.jepalab/found.json'),
): Installation {
  if (!existsSync(file)) return NOTHING
  return { ...NOTHING, ...JSON.parse(readFileSync(file, 'utf8')) }
}
