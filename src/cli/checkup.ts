import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { type Installation, readInstallation } from '../experiment/installation.ts'
import { nearestName } from '../experiment/nearest-name.ts'
import { readSettings, type Settings, SettingsSchema } from '../settings.ts'
import { checkLanes } from './check-lanes.ts'
import { checkRedis } from './check-redis.ts'
import { checkGpus, checkTensorFlow } from './check-tensorflow.ts'
import { type Finding, outputOf } from './finding.ts'

const GIGABYTE = 1e9
const LEAST_FREE_BYTES = 1e9

/** Looks at everything that jepalab needs on this machine. Starts nothing that stays. */
export async function checkUp(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { finding, settings } = checkSettings(env)
  const installation = readInstallation()
  return [
    checkNode(),
    finding,
    await checkTensorFlow(installation),
    await checkLanes(installation),
    checkGpus(installation),
    await checkRedis(installation, settings),
    checkCompiler(installation),
    checkMachine(settings),
    checkCache(installation),
  ]
}

function checkNode(): Finding {
  const version = process.versions.node
  return { name: 'Node', ok: true, says: version, facts: { version, path: process.execPath } }
}

function checkSettings(env: NodeJS.ProcessEnv): { finding: Finding; settings: Settings | null } {
  const known = Object.keys(SettingsSchema.properties)
  const strange = Object.keys(env).find((name) => name.startsWith('JEPALAB_') && !known.includes(name))
  const near = strange === undefined ? undefined : nearestName(strange, known)
  const name = 'settings'
  try {
    const settings = readSettings(env)
    const says =
      strange === undefined ? `home ${settings.home}` : `${strange} is no setting and has no effect`
    const remedy = near === undefined ? {} : { remedy: `Did you mean ${near}?` }
    return {
      settings,
      finding: { name, ok: true, says, ...remedy, facts: { ...settings, redisUrl: undefined } },
    }
  } catch (error) {
    const says = (error as Error).message
    return { settings: null, finding: { name, ok: false, says, remedy: 'See docs/setup.md.', facts: {} } }
  }
}

/** Only the first set-up compiles; with binding and kernels in place a missing compiler takes nothing away. */
function checkCompiler({ tensorflow, lanes }: Installation): Finding {
  const name = 'compiler'
  const found = ['g++', 'c++', 'clang++'].map((program) => ({
    program,
    words: outputOf(program, ['--version']),
  }))
  const first = found.find(({ words }) => words !== null)
  if (first) {
    const says = first.words!.split('\n')[0]!
    return { name, ok: true, says, facts: { program: first.program, version: says } }
  }
  const ok = tensorflow !== null && lanes !== null
  return {
    name,
    ok,
    says: ok ? 'none, and none is needed now' : 'none',
    ...(ok ? {} : { remedy: 'Install g++ (apt-get install -y g++), then npm run setup.' }),
    facts: {},
  }
}

function checkMachine(settings: Settings | null): Finding {
  const cores = availableParallelism()
  const memory = totalmem()
  const folder = nearestFolder(settings?.home ?? process.cwd())
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const says = `${cores} cores, ${gigabytes(memory)} GB memory, ${gigabytes(free)} GB free for ${folder}`
  const facts = { cores, memoryBytes: memory, diskFreeBytes: free, folder }
  if (free >= LEAST_FREE_BYTES) return { name: 'machine', ok: true, says, facts }
  return {
    name: 'machine',
    ok: false,
    says,
    remedy: 'Free 1 GB, or set JEPALAB_HOME to a larger disk.',
    facts,
  }
}

function checkCache({ cache }: Installation): Finding {
  if (cache === null) return { name: 'cache', ok: true, says: 'empty', facts: {} }
  const parts = ['tensorflow', 'binding', 'kernels', 'lanes', 'redis', 'partial'].map(
    (part) => [part, bytesUnder(join(cache, part))] as const,
  )
  const held = parts.filter(([, bytes]) => bytes > 0)
  const says = `${cache}: ${held.map(([part, bytes]) => `${part} ${gigabytes(bytes)} GB`).join(', ') || 'empty'}`
  return { name: 'cache', ok: true, says, facts: { folder: cache, bytes: Object.fromEntries(parts) } }
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path))
}

function bytesUnder(folder: string): number {
  if (!existsSync(folder)) return 0
  const names = readdirSync(folder, { recursive: true }) as string[]
  return names.reduce((sum, name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false })
    return sum + (stat?.isFile() ? stat.size : 0)
  }, 0)
}

function gigabytes(bytes: number): string {
  return (bytes / GIGABYTE).toFixed(1)
}
