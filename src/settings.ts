import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ExperimentError } from './experiment/failure.ts'
import { findGpus } from './experiment/hardware.ts'
import { repositoryRoot } from './experiment/repository.ts'

const SIZE = /^(\d+(?:\.\d+)?(?:e\d+)?) ?(|[KMGT]i?B)$/
const folder = (description: string) =>
  Type.String({ minLength: 1, description, wanted: 'the path of a folder' })
const choice = (values: readonly string[], first: string, description: string) =>
  Type.Enum([...values], { default: first, description, wanted: `one of ${values.join(', ')}` })
const count = (minimum: number, wanted: string, description: string, rest: object = {}) =>
  Type.Integer({ minimum, description, wanted, ...rest })

/** Every setting: its name in the environment and in `.env`, its default, its meaning, and what it must be. */
export const SettingsSchema = Type.Object({
  JEPALAB_HOME: folder(
    'State: the ledger, the embedded Redis, artifacts. Default: .jepalab in the checkout.',
  ),
  JEPALAB_ARTIFACTS: folder('Artifacts, shared by all hosts. Default: artifacts under JEPALAB_HOME.'),
  JEPALAB_CACHE: folder(
    'Downloads and builds of the set-up. Default: jepalab under XDG_CACHE_HOME or ~/.cache.',
  ),
  JEPALAB_HOST: Type.String({
    default: '127.0.0.1',
    pattern: '^[A-Za-z0-9.:-]+$',
    description: 'Address that the API listens on.',
    wanted: 'an IP address or a host name',
  }),
  JEPALAB_PORT: count(0, 'a whole number from 0 (any free port) to 65535', 'Port that the API listens on.', {
    maximum: 65535,
    default: 8080,
  }),
  REDIS_URL: Type.String({
    pattern: '^(rediss?://|unix:///|/).+',
    description: 'The Redis to use. Default: an embedded one.',
    wanted: 'a URL that starts with redis:// or rediss://, or the path of a unix socket',
  }),
  JEPALAB_WORKERS: count(0, 'a whole number, 0 for none', 'Local workers. Default: one per GPU, else 1.', {
    maximum: 1024,
  }),
  JEPALAB_TENSORFLOW: choice(
    ['auto', 'cpu', 'cuda', 'off'],
    'auto',
    'Build of TensorFlow that the set-up gets.',
  ),
  JEPALAB_AUTH: choice(['off', 'tokens'], 'off', 'Who may call the API.'),
  LOG_LEVEL: choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'Least level that the log shows.',
  ),
  JEPALAB_CHECKPOINT_SECONDS: count(
    1,
    'a whole number of seconds, 1 or more',
    'Least time of training from one checkpoint of a net to the next.',
    { default: 10 },
  ),
  JEPALAB_MAX_STEPS: count(1, 'a whole number of steps, 1 or more', 'Steps that one run may take.', {
    default: 1e8,
  }),
  JEPALAB_MAX_RUNS: count(1, 'a whole number of runs, 1 or more', 'Runs that one sweep may hold.', {
    default: 1e6,
  }),
  JEPALAB_MAX_MEMORY: Type.String({
    pattern: SIZE.source,
    description: 'Memory that one run may take. Default: half of the machine’s.',
    wanted: 'a number of bytes, or one with KB, MB, GB, KiB, MiB or GiB',
  }),
})

export type SettingName = keyof typeof SettingsSchema.properties

/** The settings in force. Folders are absolute, sizes are bytes. */
export interface Settings {
  readonly home: string
  readonly artifacts: string
  readonly host: string
  readonly port: number
  readonly redisUrl: string | null
  readonly workers: number
  readonly tensorflow: 'auto' | 'cpu' | 'cuda' | 'off'
  readonly auth: 'off'
  readonly logLevel: string
  readonly checkpointSeconds: number
  readonly maxSteps: number
  readonly maxRuns: number
  readonly maxMemory: number
}

/**
 * Reads the settings once, in a main. The environment goes before `.env` in the checkout's root; an empty
 * variable counts as unset; relative folders count from the root.
 *
 * @throws ENVIRONMENT_INVALID with the variable, its value and what it must be
 */
export function readSettings(env: NodeJS.ProcessEnv, root = repositoryRoot()): Settings {
  const all = { ...readDotEnv(root), ...env }
  const read = (name: SettingName) => readSetting(name, all[name])
  const home = resolve(root, (read('JEPALAB_HOME') as string | undefined) ?? '.jepalab')
  const artifacts = read('JEPALAB_ARTIFACTS') as string | undefined
  const memory = read('JEPALAB_MAX_MEMORY') as string | undefined
  const tensorflow = read('JEPALAB_TENSORFLOW') as Settings['tensorflow']
  const settings = {
    home,
    artifacts: artifacts === undefined ? join(home, 'artifacts') : resolve(root, artifacts),
    host: read('JEPALAB_HOST') as string,
    port: read('JEPALAB_PORT') as number,
    redisUrl: (read('REDIS_URL') as string | undefined) ?? null,
    workers: (read('JEPALAB_WORKERS') as number | undefined) ?? workersHere(tensorflow),
    tensorflow,
    auth: readAuth(read('JEPALAB_AUTH') as string),
    logLevel: read('LOG_LEVEL') as string,
    checkpointSeconds: read('JEPALAB_CHECKPOINT_SECONDS') as number,
    maxSteps: read('JEPALAB_MAX_STEPS') as number,
    maxRuns: read('JEPALAB_MAX_RUNS') as number,
    maxMemory: memory === undefined ? Math.floor(machineMemory() / 2) : bytesOf(memory),
  }
  demandLoopback(settings.host)
  return settings
}

function readDotEnv(root: string): NodeJS.Dict<string> {
  const file = join(root, '.env')
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
}

/** One variable as its schema's type, or the schema's default; undefined where it has none. */
function readSetting(name: SettingName, text: string | undefined): string | number | undefined {
  const schema = SettingsSchema.properties[name] as unknown as {
    type?: string
    default?: string | number
    wanted: string
  }
  if (text === undefined || text === '') return schema.default
  const value = schema.type === 'integer' ? Number(text) : text
  if (Value.Check(schema as TSchema, value)) return value as string | number
  throw new ExperimentError('ENVIRONMENT_INVALID', { name, value: hideSecret(text), wanted: schema.wanted })
}

/** A URL's user and password stay out of messages. */
function hideSecret(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@')
}

function readAuth(value: string): 'off' {
  if (value === 'off') return value
  const wanted = 'off: tokens are not built yet, and the API listens on loopback alone until then'
  throw new ExperimentError('ENVIRONMENT_INVALID', { name: 'JEPALAB_AUTH', value, wanted })
}

/** Without tokens anyone who reaches the port may start jobs, so only this machine may reach it. */
function demandLoopback(host: string): void {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return
  const wanted = 'a loopback address (127.0.0.1, ::1 or localhost) while JEPALAB_AUTH is off'
  throw new ExperimentError('ENVIRONMENT_INVALID', { name: 'JEPALAB_HOST', value: host, wanted })
}

/** One worker per card that may be used, else one. */
function workersHere(tensorflow: Settings['tensorflow']): number {
  return tensorflow === 'cpu' || tensorflow === 'off' ? 1 : Math.max(1, findGpus().names.length)
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

function bytesOf(text: string): number {
  const [, amount, unit] = SIZE.exec(text)!
  return Math.floor(Number(amount) * UNITS[unit!]!)
}

/** Bytes that this process may use: the machine's, or less in a container. */
function machineMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
