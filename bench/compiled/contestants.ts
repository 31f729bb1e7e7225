import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { type Command, pythonPeer } from '../contest/peer.ts'
import { Crew, type Placing } from './crew.ts'
import type { NetworkRow } from './rows.ts'

export const CONTESTANTS = ['recorded', 'tfjs', 'torch', 'torch-compile', 'jax'] as const
export type ContestantName = (typeof CONTESTANTS)[number]
export const TITLES: Readonly<Record<ContestantName, string>> = {
  recorded: 'recorder',
  tfjs: 'tfjs, eager',
  torch: 'PyTorch, eager',
  'torch-compile': 'torch.compile',
  jax: 'JAX',
}

/** What only PyTorch and JAX are: the goals are set against the best of them. */
export const PEERS: readonly ContestantName[] = ['torch', 'torch-compile', 'jax']

/** A crew for a row; of several runs, every contestant may also place a process on each of the two cores. */
export function startCrew(
  name: ContestantName,
  row: NetworkRow,
  python: string,
  pinned: string | null,
): Promise<Crew> {
  const cores = pinned?.split(',') ?? null
  const both = row.runs > 1
  const on = (command: Command, core: number | null): Command =>
    core === null || cores === null
      ? command
      : { ...command, program: 'taskset', words: ['-c', cores[core]!, command.program, ...command.words] }
  const placings = (of: (threads: 1 | 2) => Command): Placing[] => [
    { title: '', processes: 1, command: () => of(2) },
    ...(both
      ? [
          {
            title: 'two processes, ',
            processes: 2 as const,
            command: (core: number | null) => on(of(1), core),
          },
        ]
      : []),
  ]
  const title = TITLES[name]
  if (name === 'recorded') {
    return Crew.start(
      name,
      title,
      placings((threads) => node(title, 'recorded', [1, threads])),
    )
  }
  if (name === 'tfjs') {
    const engine = placings((threads) => node(title, 'eager', [1, threads]))
    const asItComes = {
      title: "TensorFlow's threads, ",
      processes: 1 as const,
      command: () => node(title, 'eager', [2, 2]),
    }
    return Crew.start(name, title, [...engine, asItComes])
  }
  const framework = name === 'jax' ? 'jax' : 'torch'
  const folder = join(repositoryRoot(), 'bench/compiled/peers')
  return Crew.start(
    name,
    title,
    placings((threads) => pythonPeer(framework, title, python, folder, threads)),
    (form) => name === 'jax' || form.includes('torch.compile') === (name === 'torch-compile'),
  )
}

/** @param threads inside an operation, and operations at once */
function node(
  title: string,
  kind: 'recorded' | 'eager',
  [inside, between]: readonly [number, number],
): Command {
  const beside = (extension: string) => fileURLToPath(new URL(`./serve${extension}`, import.meta.url))
  const file = existsSync(beside('.js')) ? beside('.js') : beside('.ts')
  return {
    name: kind,
    title,
    program: process.execPath,
    words: [...process.execArgv, file, kind],
    environment: { TF_NUM_INTRAOP_THREADS: String(inside), TF_NUM_INTEROP_THREADS: String(between) },
  }
}
