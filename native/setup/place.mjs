import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { findProgram, SetupTrouble } from './trouble.mjs'

const WISHES = ['auto', 'cpu', 'cuda', 'off']

/**
 * Where the set-up works and what is wished for. `.env` counts where the environment is silent, as it does for
 * the service (src/settings.ts holds the schema; this reads the four settings that a set-up needs before any
 * package is there).
 */
export function readPlace(environment = process.env) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
  const env = { ...readDotEnv(join(root, '.env')), ...environment }
  const wish = env.JEPALAB_TENSORFLOW || 'auto'
  if (!WISHES.includes(wish)) {
    throw new SetupTrouble(`JEPALAB_TENSORFLOW is "${wish}".`, `Set it to one of ${WISHES.join(', ')}.`)
  }
  const cache = cacheFolder(env)
  return {
    root,
    cache,
    partial: join(cache, 'partial', hostname()),
    record: join(root, 'node_modules/.jepalab/found.json'),
    redisUrl: env.REDIS_URL || null,
    wish,
    variant: wish === 'auto' ? (hasNvidiaDriver() ? 'cuda' : 'cpu') : wish,
    // A checkout without sources carries its build with it (the docker images do): nothing to compile.
    hasSources: existsSync(join(root, 'src')),
  }
}

/** True where the kernel driver of NVIDIA answers, in Linux proper or under WSL. */
function hasNvidiaDriver() {
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1']
  return signs.some((path) => existsSync(path)) || findProgram('nvidia-smi') !== null
}

function cacheFolder(env) {
  const home = env.HOME || homedir()
  const folder = resolve(env.JEPALAB_CACHE || join(env.XDG_CACHE_HOME || join(home, '.cache'), 'jepalab'))
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new SetupTrouble(
      `The cache folder ${folder} cannot be made: ${cause.message}.`,
      'Set JEPALAB_CACHE to a folder that you may write, with 2 GB free.',
      { cause },
    )
  }
  return folder
}

function readDotEnv(file) {
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
}
