import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { ExperimentError } from '../../../src/experiment/failure.ts'
import { type Installation, readInstallation } from '../../../src/experiment/installation.ts'
import { type Batch, CODE, type LanesCode, type LanesLayout, type OBJECTIVE } from './batch.ts'
import type { MlpBatch } from './mlp-batch.ts'
import type { ProductCall } from './product.ts'

const require = createRequire(import.meta.url)

/** The builds of the kernels: one for each instruction set of a CPU, slowest first, and one for NVIDIA's cards. */
export type LanesName = 'portable' | 'avx2' | 'avx512' | 'cuda'

/** One build of the lanes kernels, open in this process. */
export interface LanesLibrary {
  readonly name: LanesName
  /** Whether this build has tiles of the processor for products of `int8x3`; without, these have the same bits but take longer than `compensated`. */
  readonly tiles: boolean
  /**
   * Trains a batch on by at most its budget, on threads of the kernels' own, off the event loop. Calls may
   * overlap where their arrays do not.
   *
   * @returns CODE.ok or CODE.cancelled. @throws TypeError, before anything is touched, for an array that is
   *   missing, detached or too short; LanesFault where the kernels refuse the batch.
   */
  run(batch: Batch): Promise<LanesCode>
  /** The same for small multilayer perceptrons, which the builds for CPUs train. */
  runMlp(batch: MlpBatch): Promise<LanesCode>
  /** Doubles of one perceptron's weights; 0 where the shape is past the limits. */
  mlpWeights(batch: MlpBatch): number
  /** A product of matrices of doubles, at once, on this thread; of the builds for CPUs. @throws as `run` does */
  multiply(call: ProductCall): void
  /** The layout that LAYOUT.auto takes for a batch. */
  choose(batch: Batch): LanesLayout
  /** Doubles of one run's weights; 0 where the shape is past the limits. */
  weights(
    objective: (typeof OBJECTIVE)[keyof typeof OBJECTIVE],
    depth: number,
    features: number,
    width: number,
  ): number
}

/** A batch that the kernels did not take, or could not; no run of it was touched. */
export class LanesFault extends Error {
  readonly code: LanesCode

  constructor(code: LanesCode, words: string) {
    const name = Object.entries(CODE).find(([, value]) => value === code)?.[0] ?? `code ${code}`
    super(`The lanes kernels refuse this batch (${name}): ${words || 'they say no more'}`)
    this.name = 'LanesFault'
    this.code = code
  }
}

interface Addon {
  open(path: string): Handle
  run(handle: Handle, batch: Batch): Promise<Outcome>
  runMlp(handle: Handle, batch: MlpBatch): Promise<Outcome>
  mlpWeights(handle: Handle, batch: MlpBatch): number
  product(handle: Handle, call: ProductCall): LanesCode
  choose(handle: Handle, batch: Batch): LanesLayout
  weights(handle: Handle, objective: number, depth: number, features: number, width: number): number
  /** What this CPU and its system run, of the builds for CPUs, slowest first. */
  instructionSets(): LanesName[]
}

interface Outcome {
  readonly code: LanesCode
  readonly words: string
}

interface Handle {
  readonly name: LanesName
  readonly tiles: boolean
}

/**
 * Opens the fastest build that this CPU runs, or the one asked for.
 *
 * @throws ENGINE_UNAVAILABLE with the reason and what mends it.
 */
export function openLanes(name?: LanesName, installation = readInstallation()): LanesLibrary {
  const { addon, folder } = loadAddon(installation)
  const runnable = addon.instructionSets()
  if (name !== undefined && name !== 'cuda' && !runnable.includes(name)) {
    throw unavailable(`this CPU runs ${runnable.join(', ')}, not ${name}`)
  }
  const wanted = name ?? runnable.filter((one) => existsSync(pathOf(folder, one))).at(-1) ?? 'portable'
  return openLibrary(addon, pathOf(folder, wanted))
}

/** The builds that are here and that this machine's CPU runs, slowest first; `cuda` last, where it is built. */
export function lanesHere(installation = readInstallation()): LanesName[] {
  const { addon, folder } = loadAddon(installation)
  const names: LanesName[] = [...addon.instructionSets(), 'cuda']
  return names.filter((name) => existsSync(pathOf(folder, name)))
}

function openLibrary(addon: Addon, path: string): LanesLibrary {
  const handle = tryOpen(addon, path)
  return {
    name: handle.name,
    tiles: handle.tiles,
    run: async (batch) => judge(await addon.run(handle, batch)),
    runMlp: async (batch) => judge(await addon.runMlp(handle, batch)),
    mlpWeights: (batch) => addon.mlpWeights(handle, batch),
    multiply: (call) => {
      judge({ code: addon.product(handle, call), words: '' })
    },
    choose: (batch) => addon.choose(handle, batch),
    weights: (objective, depth, features, width) => addon.weights(handle, objective, depth, features, width),
  }
}

function judge({ code, words }: Outcome): LanesCode {
  if (code !== CODE.ok && code !== CODE.cancelled) throw new LanesFault(code, words)
  return code
}

function tryOpen(addon: Addon, path: string): Handle {
  demandWhole(path)
  try {
    return addon.open(path)
  } catch (cause) {
    throw unavailable(`${(cause as Error).message}; run npm run setup`, cause)
  }
}

function loadAddon({ lanes, failures }: Installation): { addon: Addon; folder: string } {
  if (lanes === null) {
    const failure = failures.lanes
    const why = failure === undefined ? 'run npm run setup' : `${failure.fact} ${failure.remedy}`
    throw unavailable(`its kernels are not built here: ${why}`)
  }
  const path = join(lanes.folder, 'lanes.node')
  demandWhole(path)
  try {
    return { addon: require(path) as Addon, folder: lanes.folder }
  } catch (cause) {
    throw unavailable(`its addon does not load (${(cause as Error).message}); run npm run setup`, cause)
  }
}

/** The system's loader does not look at a file's length: one that was cut short would end the process. */
function demandWhole(path: string): void {
  const stamp = join(dirname(path), 'build.json')
  const expected = existsSync(stamp)
    ? JSON.parse(readFileSync(stamp, 'utf8')).files[basename(path)]
    : undefined
  const found = statSync(path, { throwIfNoEntry: false })?.size
  if (expected === undefined || found === undefined || found === expected) return
  throw unavailable(`${path} has ${found} bytes where ${expected} were built; run npm run setup`)
}

function pathOf(folder: string, name: LanesName): string {
  return join(folder, `liblanes-${name}.so`)
}

function unavailable(why: string, cause?: unknown): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'lanes', why }, { cause })
}
