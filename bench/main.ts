import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * `npm run bench`: lists the suites. `npm run bench -- --suite NAME …` runs one, in a process of its own; what
 * follows goes to the suite.
 */
const SUITES: Readonly<Record<string, string>> = {
  lanes: 'native kernels against PyTorch, JAX and diffrax; writes BENCH.md [--quick] [--rows WORD,…]',
  compiled:
    'recorded training steps against eager tfjs, PyTorch and JAX; writes BENCH.md [--rows ID,…] [--quick]',
  'net-steps': 'milliseconds a step of nets, alone and in cohorts (docs/models.md)',
  sweeps: 'a sweep of 10,000 runs through HTTP, and the same runs one by one [--runs N] [--alone N]',
  'api-latency': 'GET of a job under load while a worker trains, against a bare node:http server [SECONDS]',
  'engine-crossover': 'steps a second of one run, reference against tensorflow',
}

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const [option, name, ...rest] = words
  if (option === undefined) {
    console.log('npm run bench -- --suite NAME')
    for (const [suite, text] of Object.entries(SUITES)) console.log(`  ${suite.padEnd(18)}${text}`)
    return 0
  }
  if (option !== '--suite' || name === undefined || !(name in SUITES)) {
    console.error(`✗ "${words.join(' ')}" names no suite. There are ${Object.keys(SUITES).join(', ')}.`)
    return 2
  }
  const beside = (extension: string) => fileURLToPath(new URL(`./${name}${extension}`, import.meta.url))
  const file = existsSync(beside('.js')) ? beside('.js') : beside('.ts')
  const child = spawn(process.execPath, [...process.execArgv, file, ...rest], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'close')
  return code ?? 1
}
