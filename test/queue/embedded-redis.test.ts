import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { readInstallation } from '../../src/experiment/installation.ts'
import { addressOf, type OpenRedis, openRedis } from '../../src/queue/embedded-redis.ts'

const log = { info() {}, warn() {} }
const binary = readInstallation().redis
const skip =
  binary === null ? 'no redis-server is set up here (REDIS_URL is set, or run npm run setup)' : false
const room = mkdtempSync(join(tmpdir(), 'jl-'))
after(() => rmSync(room, { recursive: true, force: true }))

const folderNamed = (name: string) => join(room, name)
const openIn = (folder: string) => openRedis({ url: null, folder, log })

function connect(redis: OpenRedis): Redis {
  assert.ok('path' in redis.address)
  return new Redis({ path: redis.address.path, retryStrategy: () => 20, maxRetriesPerRequest: null })
}

/** The newest of the files that writes are appended to: Redis 7 keeps several in a folder, Redis 6 one. */
function appendOnlyFile(folder: string): string {
  const seven = join(folder, 'appendonlydir')
  if (!existsSync(seven)) return join(folder, 'appendonly.aof')
  return join(seven, readdirSync(seven).find((name) => name.includes('.incr.'))!)
}

async function until(claim: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500 && !claim(); i++) await sleep(10)
  assert.ok(claim(), what)
}

const alive = (pid: number) => existsSync(`/proc/${pid}/cwd`)

describe('the embedded Redis', { skip, timeout: 60_000 }, () => {
  it('comes back with its data after SIGKILL, and ends with close', async () => {
    const redis = await openIn(folderNamed('kill'))
    const client = connect(redis)
    await client.set('depth', 'four')
    await sleep(1_100) // everysec: what is older than a second is on disk
    const first = redis.pid()!
    process.kill(first, 'SIGKILL')
    assert.equal(await client.get('depth'), 'four')
    const second = redis.pid()!
    assert.notEqual(second, first)
    client.disconnect()
    await redis.close()
    await redis.close()
    assert.ok(!alive(second), `process ${second} outlived close`)
    assert.ok(!existsSync((redis.address as { path: string }).path))
  })

  it('keeps the queue over a restart of the service and evicts nothing', async () => {
    const folder = folderNamed('restart')
    const first = await openIn(folder)
    const before = connect(first)
    await before.set('kept', 'yes')
    const [, policy] = (await before.config('GET', 'maxmemory-policy')) as string[]
    assert.equal(policy, 'noeviction')
    before.disconnect()
    await first.close()
    const second = await openIn(folder)
    const after = connect(second)
    assert.equal(await after.get('kept'), 'yes')
    after.disconnect()
    await second.close()
  })

  it('refuses a second service on the same folder and tells whose it is', async () => {
    const folder = folderNamed('twice')
    const redis = await openIn(folder)
    await assert.rejects(openIn(folder), { code: 'HOME_IN_USE', facts: { folder, pid: `${process.pid}` } })
    await redis.close()
    await (await openIn(folder)).close()
  })

  it('dies with a service that is killed, and the next service takes over its folder', async () => {
    const folder = folderNamed('orphan')
    const service = startService(folder)
    const [line] = (await once(service.stdout!, 'data')) as [Buffer]
    const server = Number(line.toString())
    assert.ok(alive(server))
    service.kill('SIGKILL')
    await until(() => !alive(server), `redis ${server} outlived its killed service`)
    await (await openIn(folder)).close()
  })

  it('ends a server that a killed service left where no death signal can be set', async () => {
    const folder = folderNamed('left')
    mkdirSync(folder, { recursive: true })
    const socket = join(folder, 'redis.sock')
    const left = spawn(binary!, ['--port', '0', '--unixsocket', socket, '--appendonly', 'yes'], {
      cwd: folder,
      stdio: 'ignore',
    })
    writeFileSync(join(folder, 'redis.pid'), `${left.pid}\n`)
    await until(() => existsSync(socket), 'the server to leave behind did not start')
    const ended = once(left, 'exit')
    const redis = await openIn(folder)
    assert.equal((await ended)[1], 'SIGKILL')
    await redis.close()
  })

  it('drops a write that a crash cut short and keeps those before it', async () => {
    const folder = folderNamed('short')
    await writeKeys(folder)
    const file = appendOnlyFile(folder)
    appendFileSync(file, '*3\r\n$3\r\nSET\r\n$5\r\nthi')
    await expectKey(folder, 'first', 'one')
  })

  it('puts an unreadable append-only file aside and starts empty', async () => {
    const folder = folderNamed('damaged')
    await writeKeys(folder)
    const file = appendOnlyFile(folder)
    truncateSync(file, 0)
    writeFileSync(file, 'no redis wrote this\r\n'.repeat(10))
    await expectKey(folder, 'first', null)
    assert.ok(readdirSync(folder).some((name) => name.startsWith('damaged-')))
  })

  it('finds a short place for its socket where the folder has a long name', async () => {
    const redis = await openIn(folderNamed('a'.repeat(120)))
    const { path } = redis.address as { path: string }
    assert.ok(Buffer.byteLength(path) <= 100, `the socket's path has ${path.length} bytes`)
    await redis.close()
    assert.ok(!existsSync(path))
  })

  it('tells why a server does not start', async () => {
    const wish = { url: null, folder: folderNamed('broken'), log }
    await assert.rejects(openRedis({ ...wish, binary: '/bin/false' }), { code: 'REDIS_UNSTARTED' })
    await assert.rejects(openRedis({ ...wish, binary: '/no/such/redis' }), { code: 'REDIS_UNSTARTED' })
  })
})

it('REDIS_URL is used as it is written, or as the path of a unix socket', async () => {
  const url = 'rediss://:secret@redis.lab:6380/2'
  const redis = await openRedis({ url, folder: folderNamed('unused'), log })
  assert.deepEqual(redis.address, { url })
  assert.ok(!existsSync(folderNamed('unused')))
  assert.deepEqual(addressOf('unix:///run/redis.sock'), { path: '/run/redis.sock' })
  assert.deepEqual(addressOf('/run/redis.sock'), { path: '/run/redis.sock' })
})

async function writeKeys(folder: string): Promise<void> {
  const redis = await openIn(folder)
  const client = connect(redis)
  await client.set('first', 'one')
  client.disconnect()
  await redis.close()
}

async function expectKey(folder: string, key: string, value: string | null): Promise<void> {
  const redis = await openIn(folder)
  const client = connect(redis)
  assert.equal(await client.get(key), value)
  client.disconnect()
  await redis.close()
}

/** A process that opens Redis in the folder, prints the server's pid, and stays. */
function startService(folder: string): ChildProcess {
  const room = new URL('../../src/queue/embedded-redis', import.meta.url).href
  const module = room + (import.meta.url.endsWith('.ts') ? '.ts' : '.js')
  const script = `
    const { openRedis } = await import(${JSON.stringify(module)})
    const log = { info() {}, warn() {} }
    console.log((await openRedis({ url: null, folder: ${JSON.stringify(folder)}, log })).pid())`
  const args = [
    ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
    '--input-type=module',
    '-e',
    script,
  ]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}
