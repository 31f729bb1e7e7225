import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readInstallation } from '../../src/experiment/installation.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

export const PEERS = join(repositoryRoot(), 'bench/contest/peers')
const STAMP = 'complete'

/** The folder of the cache in which the bench keeps what it installs and builds. */
export function benchCache(): string {
  const { cache } = readInstallation()
  if (cache === null) throw new Error('This checkout is not set up. Run npm run setup.')
  const folder = join(cache, 'bench')
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * A virtual environment with the pinned peers, made on the first call. It takes some 6 GB: on Linux the
 * registry's PyTorch brings NVIDIA's libraries. PIP_EXTRA_INDEX_URL may name an index with CPU wheels, which pip then
 * prefers (`2.15.0+cpu` fits the pin).
 *
 * @returns its python
 */
export async function installPeers(tell: (line: string) => void): Promise<string> {
  const wanted = readFileSync(join(PEERS, 'requirements.txt'), 'utf8')
  const python = findPython()
  const pins = wanted.replace(/^#.*\n/gm, '')
  const key = createHash('sha256').update(pins).update(python.version).digest('hex').slice(0, 16)
  const folder = join(benchCache(), `peers-${key}`)
  const program = join(folder, 'bin/python')
  if (existsSync(join(folder, STAMP))) return program
  rmSync(folder, { recursive: true, force: true })
  tell(`peers: installing PyTorch, JAX and diffrax into ${folder} (some 3 GB to fetch, 6 GB on disk) …`)
  const began = performance.now()
  await run(python.program, ['-m', 'venv', folder])
  await run(program, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(PEERS, 'requirements.txt'),
  ])
  writeFileSync(join(folder, STAMP), wanted)
  tell(`peers: installed in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return program
}

function findPython(): { program: string; version: string } {
  for (const program of ['python3', 'python']) {
    try {
      const words = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']
      const version = execFileSync(program, words, { encoding: 'utf8' }).trim()
      const minor = Number(version.split('.')[1])
      if (version.startsWith('3.') && minor >= 11) return { program, version }
    } catch {}
  }
  throw new Error(
    'The peers need Python 3.11 or newer with venv; none is on the PATH. Install one and run again.',
  )
}

/** Runs a program to its end. @returns its output; throws with the end of its errors where it fails. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors] = ['', '']
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      errors = (errors + text).slice(-4000)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ended with ${signal ?? code}: ${errors.trim().slice(-1500)}`))
    })
  })
}
