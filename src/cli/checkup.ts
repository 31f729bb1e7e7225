import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findGpus } from '../experiment/hardware.ts'
import { type Installation, readInstallation } from '../experiment/installation.ts'
import { nearestName } from '../experiment/nearest-name.ts'
import { readSettings, type Settings, SettingsSchema } from '../settings.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly name: string
  /** false: something that jepalab needs is missing, and `remedy` says how to get it. */
  readonly ok: boolean
  readonly says: string
  readonly remedy?: string
  /** The same in fields, for scripts. */
  readonly facts: Readonly<Record<string, unknown>>
}

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

async function checkTensorFlow({ tensorflow, failures }: Installation): Promise<Finding> {
  const name = 'TensorFlow'
  if (tensorflow?.variant === 'off') {
    return { name, ok: true, says: 'off, as JEPALAB_TENSORFLOW says', facts: { variant: 'off' } }
  }
  const failure = failures.tensorflow ?? failures.binding
  if (tensorflow === null || failure) {
    const says = failure?.fact ?? 'not set up'
    return {
      name,
      ok: false,
      says,
      remedy: failure?.remedy ?? 'Run npm run setup.',
      facts: { variant: null },
    }
  }
  const probe = await probeTensorFlow()
  const facts = { variant: tensorflow.variant, folder: tensorflow.folder, ...probe }
  if (!probe.loads)
    return { name, ok: false, says: probe.why ?? 'does not load', remedy: 'Run npm run setup.', facts }
  const says = `${probe.version}, ${tensorflow.variant} build, computes on ${probe.device}, ${probe.gpus} GPUs`
  return { name, ok: true, says, facts }
}

interface Probe {
  readonly loads: boolean
  readonly version?: string
  readonly device?: string
  readonly gpus?: number
  readonly why?: string
}

/** Loads TensorFlow in a process of its own: this room has no tensor library, and a broken one may crash. */
function probeTensorFlow(): Promise<Probe> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const path = fileURLToPath(new URL(`../../workers/engines/tensorflow/probe${extension}`, import.meta.url))
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, path], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let complained = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    child.stderr.on('data', (chunk) => {
      complained = (complained + chunk).slice(-2_000)
    })
    child.once('close', (code, signal) => {
      const line = said.trim().split('\n').at(-1) ?? ''
      if (line.startsWith('{')) resolve(JSON.parse(line))
      else resolve({ loads: false, why: `its process ended with ${signal ?? code}: ${complained.trim()}` })
    })
  })
}

function checkGpus({ tensorflow }: Installation): Finding {
  const { driver, names } = findGpus()
  const facts = { driver, gpus: names.length, names }
  if (driver === null)
    return { name: 'GPUs', ok: true, says: '0 GPUs, no NVIDIA driver: device cuda is refused', facts }
  const says = `${names.length} GPUs (${names.join(', ') || 'none'}), NVIDIA driver ${driver}`
  if (names.length === 0 || tensorflow?.variant !== 'cpu') return { name: 'GPUs', ok: true, says, facts }
  return { name: 'GPUs', ok: true, says, remedy: 'Set JEPALAB_TENSORFLOW=cuda to use them.', facts }
}

async function checkRedis({ redis, failures }: Installation, settings: Settings | null): Promise<Finding> {
  const name = 'Redis'
  if (settings?.redisUrl) return checkRedisUrl(settings.redisUrl)
  const failure = failures.redis
  const remedy = failure?.remedy ?? 'Run npm run setup, or set REDIS_URL.'
  if (redis === null) return { name, ok: false, says: failure?.fact ?? 'not set up', remedy, facts: {} }
  const version = /v=(\S+)/.exec(outputOf(redis, ['--version']) ?? '')?.[1]
  const facts = { embedded: true, path: redis, version: version ?? null }
  if (version === undefined) return { name, ok: false, says: `${redis} does not run`, remedy, facts }
  return { name, ok: true, says: `${version}, embedded, ${redis}`, facts }
}

async function checkRedisUrl(text: string): Promise<Finding> {
  const name = 'Redis'
  const path = text.replace(/^unix:\/\//, '')
  const url = path.startsWith('/') ? null : new URL(text)
  const place = url === null ? path : `${url.hostname}:${url.port || 6379}`
  const at = url === null ? { path } : { host: url.hostname, port: Number(url.port || 6379) }
  const fault = await new Promise<string | null>((resolve) => {
    const socket = createConnection(at)
    const settle = (answer: string | null) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(5_000, () => settle('no answer in 5 s'))
    socket.once('error', (error) => settle(error.message))
    socket.once('connect', () => settle(null))
  })
  const facts = { embedded: false, place, reachable: fault === null }
  if (fault === null) return { name, ok: true, says: `${place}, as REDIS_URL says`, facts }
  const remedy = 'Start that Redis, or unset REDIS_URL to embed one.'
  return { name, ok: false, says: `${place} cannot be reached: ${fault}`, remedy, facts }
}

/** Only the first set-up compiles; with the binding in place a missing compiler takes nothing away. */
function checkCompiler({ tensorflow }: Installation): Finding {
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
  const ok = tensorflow !== null
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
  const parts = ['tensorflow', 'binding', 'redis', 'partial'].map(
    (part) => [part, bytesUnder(join(cache, part))] as const,
  )
  const held = parts.filter(([, bytes]) => bytes > 0)
  const says = `${cache}: ${held.map(([part, bytes]) => `${part} ${gigabytes(bytes)} GB`).join(', ') || 'empty'}`
  return { name: 'cache', ok: true, says, facts: { folder: cache, bytes: Object.fromEntries(parts) } }
}

function outputOf(program: string, args: string[]): string | null {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return null // not there, or not runnable: the finding says so
  }
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
