import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs workers/engines/<engine>/probe in a process of its own: this room has no tensor library, and a broken one
 * may crash. @returns the JSON object that it prints last, or why there was none.
 */
export function askProbe<Answer extends object>(
  engine: 'tensorflow' | 'lanes',
): Promise<Answer | { loads: false; why?: string }> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const path = fileURLToPath(new URL(`../../workers/engines/${engine}/probe${extension}`, import.meta.url))
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
