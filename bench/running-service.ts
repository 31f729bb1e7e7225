import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `jepalab serve` on a fresh home. */
export interface RunningService {
  readonly url: string
  readonly pid: number
  /** From its start to its first answer. */
  readonly milliseconds: number
  end(): Promise<void>
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

export async function startService(workers = 1): Promise<RunningService> {
  const began = performance.now()
  const home = mkdtempSync(join(tmpdir(), 'jepalab-bench-'))
  const file = fileURLToPath(new URL(`../src/cli/jepalab${extension}`, import.meta.url))
  const args = [...process.execArgv, file, 'serve', '--port', '0', '--workers', String(workers)]
  const env = { ...process.env, JEPALAB_HOME: home, LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn' }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const [chunk] of on(child.stdout, 'data')) {
    text += chunk
    const url = /listens on (http:\/\/\S+)/.exec(text)?.[1]
    if (url === undefined) continue
    await fetch(`${url}/healthz`)
    const end = async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(home, { recursive: true, force: true })
    }
    return { url, pid: child.pid!, milliseconds: performance.now() - began, end }
  }
  throw new Error('The service ended before it listened.')
}
