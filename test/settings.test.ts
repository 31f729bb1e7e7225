import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { ExperimentError } from '../src/experiment/failure.ts'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { readSettings, SettingsSchema } from '../src/settings.ts'

const root = mkdtempSync(join(tmpdir(), 'jepalab-settings-'))
after(() => rmSync(root, { recursive: true, force: true }))
const read = (env: NodeJS.ProcessEnv) => readSettings(env, root)

it('without any variable the service is local, embedded and open to this machine alone', () => {
  const {
    home,
    artifacts,
    host,
    port,
    redisUrl,
    workers,
    tensorflow,
    auth,
    logLevel,
    maxSteps,
    maxRuns,
    maxMemory,
  } = read({})
  assert.deepEqual([home, artifacts], [join(root, '.jepalab'), join(root, '.jepalab/artifacts')])
  assert.deepEqual([host, port, redisUrl], ['127.0.0.1', 8080, null])
  assert.deepEqual([tensorflow, auth, logLevel], ['auto', 'off', 'info'])
  assert.deepEqual([maxSteps, maxRuns], [1e8, 1e6])
  assert.ok(workers >= 1 && maxMemory > 1e8)
})

it('the environment goes before .env, and .env before the defaults', () => {
  writeFileSync(join(root, '.env'), 'JEPALAB_PORT=9000\nJEPALAB_HOME="state"\nLOG_LEVEL=debug # loud\n')
  const { port, home, artifacts, logLevel } = read({
    JEPALAB_PORT: '9001',
    JEPALAB_ARTIFACTS: '/shared/runs',
  })
  rmSync(join(root, '.env'))
  assert.deepEqual([port, home, artifacts, logLevel], [9001, join(root, 'state'), '/shared/runs', 'debug'])
})

it('an empty variable counts as unset', () => {
  assert.equal(read({ JEPALAB_PORT: '', REDIS_URL: '' }).port, 8080)
})

it('memory is read in bytes, decimal and binary units', () => {
  const memory = (text: string) => read({ JEPALAB_MAX_MEMORY: text }).maxMemory
  assert.deepEqual(['1000', '2e9', '1.5 GB', '8GiB', '512MiB'].map(memory), [
    1000,
    2e9,
    1.5e9,
    8 * 2 ** 30,
    2 ** 29,
  ])
})

it('no local worker is started where 0 is asked for', () => {
  assert.equal(read({ JEPALAB_WORKERS: '0' }).workers, 0)
})

const refused: Record<string, string[]> = {
  JEPALAB_PORT: ['80a', '-1', '65536', '8080.5', 'NaN', 'Infinity'],
  JEPALAB_WORKERS: ['-1', '1.5', 'all'],
  JEPALAB_TENSORFLOW: ['gpu', 'CPU'],
  JEPALAB_AUTH: ['on', 'tokens'],
  JEPALAB_HOST: ['0.0.0.0', '::', '192.168.1.5', 'lab.example', '127.0.0.1; rm'],
  JEPALAB_CHECKPOINT_SECONDS: ['0', '2.5', 'never'],
  JEPALAB_MAX_STEPS: ['0', '1e400', 'many'],
  JEPALAB_MAX_MEMORY: ['-1', '8 gigs', '8 G'],
  REDIS_URL: ['http://localhost:6379', 'localhost'],
  LOG_LEVEL: ['loud'],
}
for (const [name, values] of Object.entries(refused)) {
  it(`${name} is refused by name where it is ${values.join(' or ')}`, () => {
    for (const value of values) {
      assert.throws(
        () => read({ [name]: value }),
        (error) =>
          error instanceof ExperimentError &&
          error.code === 'ENVIRONMENT_INVALID' &&
          error.message.includes(name) &&
          error.message.includes(value),
      )
    }
  })
}

it('a password in REDIS_URL stays out of the message', () => {
  assert.throws(
    () => read({ REDIS_URL: 'http://lab:secret@redis' }),
    (error) => error instanceof Error && !error.message.includes('secret'),
  )
})

it('docs/setup.md lists every setting and no other', () => {
  const page = readFileSync(join(repositoryRoot(), 'docs/setup.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(rows, Object.keys(SettingsSchema.properties).sort(byRow(rows)))
})

function byRow(rows: readonly (string | undefined)[]) {
  return (a: string, b: string) => rows.indexOf(a) - rows.indexOf(b)
}
