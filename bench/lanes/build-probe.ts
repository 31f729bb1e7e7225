import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { benchCache, run } from '../contest/install.ts'

/** The program that measures the FMA peak and trains small MLPs: bench/lanes/probe.cc. @returns its path */
export async function buildProbe(): Promise<string> {
  const native = join(repositoryRoot(), 'native/lanes')
  const sources = [join(repositoryRoot(), 'bench/lanes/probe.cc'), join(native, 'check/peak.cc')]
  const hash = createHash('sha256')
  for (const file of [...sources, join(native, 'mlp/mlp.h'), join(native, 'lanes.h')])
    hash.update(readFileSync(file))
  const target = join(benchCache(), `probe-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(target)) return target
  const draft = `${target}.${process.pid}`
  const compiler = process.env.CXX || 'g++'
  const flags = ['-std=c++17', '-O2', `-I${native}`, `-I${join(native, 'check')}`]
  await run(compiler, [...flags, ...sources, '-ldl', '-pthread', '-o', draft])
  renameSync(draft, target)
  return target
}
