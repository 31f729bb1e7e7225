import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
/** The process of the command line. */
export const PROGRAM = fileURLToPath(new URL(`../../src/cli/jepalab${extension}`, import.meta.url))
/** The flags of this process that another needs to run from source too. */
export const NODE_FLAGS = process.execArgv
  .filter((flag) => !flag.startsWith('--test'))
  .map((flag) => (flag === 'tsx' ? import.meta.resolve('tsx') : flag)) // found from any working directory

/** Runs `jepalab ARGS` as a process of its own. */
export async function jepalab(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; input?: string } = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    env: { ...process.env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  })
  child.stdin.end(options.input ?? '')
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, err }
}
