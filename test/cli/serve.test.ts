import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiClient } from '../../src/cli/client.ts'
import { NODE_FLAGS, PROGRAM } from './run-command.ts'

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Every process of this machine that can be read, from /proc. */
function processes(): Process[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
    } catch {
      return [] // it ended meanwhile
    }
  })
}

function descendants(root: number): Process[] {
  const all = processes()
  const below = (pid: number): Process[] =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...below(each.pid)])
  return below(root)
}

async function until<T>(what: string, seconds: number, look: () => T | undefined | false): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) assert.fail(`not within ${seconds} s: ${what}`)
    await sleep(50)
  }
}

describe('jepalab serve', { skip: !existsSync('/proc/self/stat') && 'needs /proc' }, () => {
  let home: string
  let serve: ChildProcess
  let client: ApiClient
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'jepalab-serve-'))
    const args = [...NODE_FLAGS, PROGRAM, 'serve', '--port', '0', '--workers', '1']
    const env = { ...process.env, JEPALAB_HOME: home, LOG_LEVEL: 'error', REDIS_URL: '' }
    serve = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(serve.stdout!, 'data')
    client = new ApiClient(/http:\/\/[^\s,]+/.exec(String(line))![0])
  })
  afterEach(async () => {
    const pids = descendants(serve.pid!).map(({ pid }) => pid)
    serve.kill('SIGKILL')
    await until('all ended', 15, () => gone(pids))
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 })
  })

  const roles = { api: /src\/api\/server/, supervisor: /workers\/supervisor/, redis: /redis-server/ }
  const role = (name: keyof typeof roles) =>
    descendants(serve.pid!).find(({ command }) => roles[name].test(command))
  const allUp = async () => {
    for (const name of ['api', 'supervisor', 'redis'] as const) await until(name, 20, () => role(name))
    return descendants(serve.pid!).map(({ pid }) => pid)
  }
  const gone = (pids: number[]) => {
    const alive = new Set(processes().map(({ pid }) => pid))
    return pids.every((pid) => !alive.has(pid))
  }

  it('keeps API, Redis and worker as descendants, and SIGTERM ends them all with exit code 0', async () => {
    const pids = await allUp()
    assert.equal((await client.get<{ status: string }>('/healthz')).status, 'ok')
    serve.kill('SIGTERM')
    const [code] = await once(serve, 'exit')
    assert.equal(code, 0)
    assert.ok(gone(pids))
  })

  it('starts a worker and an API that are killed again', async () => {
    await allUp()
    const first = { api: role('api')!.pid, supervisor: role('supervisor')!.pid }
    process.kill(first.supervisor, 'SIGKILL')
    await until('another supervisor', 20, () => {
      const found = role('supervisor')
      return found && found.pid !== first.supervisor
    })
    process.kill(first.api, 'SIGKILL')
    await until('another API', 20, () => {
      const found = role('api')
      return found && found.pid !== first.api
    })
    await until('another Redis', 20, () => role('redis'))
  })

  it('killed by SIGKILL it takes API, Redis, workers and trainers with it', async () => {
    const pids = await allUp()
    serve.kill('SIGKILL')
    await until('all ended', 15, () => gone(pids))
  })
})
