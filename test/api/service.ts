import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiClient } from '../../src/cli/client.ts'

/** A whole service of its own: API and embedded Redis in one process, workers in others, state in a temp folder. */
export interface Service {
  readonly url: string
  readonly redis: string
  readonly home: string
  readonly client: ApiClient
  /** Starts one more worker. */
  addWorker(): ChildProcess
  close(): Promise<void>
}

const module = (path: string) =>
  fileURLToPath(new URL(`${path}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/** Starts the processes that `jepalab serve` keeps, without the keeper. */
export async function startService(options: { workers: number; env?: NodeJS.ProcessEnv }): Promise<Service> {
  const home = mkdtempSync(join(tmpdir(), 'jepalab-test-'))
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    JEPALAB_HOME: home,
    JEPALAB_HOST: '127.0.0.1',
    JEPALAB_PORT: '0',
    LOG_LEVEL: 'warn',
    ...options.env,
  }
  const started: ChildProcess[] = []
  const start = (path: string, more: NodeJS.ProcessEnv = {}) => {
    const args = [...process.execArgv.filter((arg) => !arg.startsWith('--test')), module(path)]
    const child = spawn(process.execPath, args, {
      env: { ...env, ...more },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    started.push(child)
    return child
  }
  const end = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await once(child, 'exit')
    clearTimeout(killer)
  }
  const api = start('../../src/api/server')
  const said = await Promise.race([once(api, 'message'), once(api, 'exit')])
  const { listening, redis } = (said[0] ?? {}) as { listening?: string; redis?: string }
  if (listening === undefined || redis === undefined)
    throw new Error(`The API did not start: ${said.join(' ')}`)
  const addWorker = () => start('../../workers/supervisor', { REDIS_URL: redis })
  for (let i = 0; i < options.workers; i++) addWorker()
  return {
    url: listening,
    redis,
    home,
    client: new ApiClient(listening),
    addWorker,
    async close() {
      await Promise.all(started.slice(1).map(end))
      await end(api)
      rmSync(home, { recursive: true, force: true })
    },
  }
}
