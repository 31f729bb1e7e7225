import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Installation, readInstallation } from '../../src/experiment/installation.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { type Batch, FORM, LAYOUT, MODE, OBJECTIVE, PRECISION } from '../../workers/engines/lanes/batch.ts'

const root = repositoryRoot()
const load = (name: string) => import(pathToFileURL(join(root, 'native', name)).href)
const { lanes } = await load('lanes/libraries.mjs')
const { findCompiler } = await load('tensorflow/libraries.mjs')

export const compiler: string = findCompiler() ?? 'g++'
export const hasCompiler: boolean = findCompiler() !== undefined
export const lanesHeader = readFileSync(join(root, 'native/lanes/lanes.h'), 'utf8')
/** Steps for which the trial kernels take some years. */
export const ENDLESS = 2 ** 50

/** A place for the set-up's step: a checkout that has this one's addon and the trial kernels, and a cache. */
export interface Trial {
  readonly place: { root: string; cache: string; partial: string; record: string }
  /** The only source of its kernels. */
  readonly source: string
  readonly folder: string
  readonly isDone: () => boolean
  /** Takes the step, without its progress lines. */
  readonly build: () => Promise<void>
  readonly installation: () => Installation
  readonly remove: () => void
}

/** @param cache another trial's cache, else an empty one. */
export function makeTrial(cache?: string): Trial {
  const room = mkdtempSync(join(tmpdir(), 'jepalab-lanes-'))
  const home = join(room, 'native/lanes')
  const modules = join(room, 'node_modules')
  for (const name of ['cpu', 'mlp', 'probes']) mkdirSync(join(home, name), { recursive: true })
  mkdirSync(modules)
  symlinkSync(join(root, 'node_modules/node-api-headers'), join(modules, 'node-api-headers'))
  cpSync(join(root, 'native/lanes/addon'), join(home, 'addon'), { recursive: true })
  for (const name of ['lanes.h', 'mlp/mlp.h', 'probes/product.h', 'exports.map'])
    copyFileSync(join(root, 'native/lanes', name), join(home, name))
  const source = join(home, 'cpu/run.cc')
  copyFileSync(join(root, 'test/native/lanes-trial/run.cc'), source)
  const store = cache ?? join(room, 'cache')
  const record = join(modules, '.jepalab/found.json')
  const place = { root: room, cache: store, partial: join(store, 'partial'), record }
  return {
    place,
    source,
    folder: join(modules, '.jepalab/lanes'),
    isDone: () => lanes.isDone(place),
    build: () => quietly(() => lanes.run(place)),
    installation: () => readInstallation(record),
    remove: () => rmSync(room, { recursive: true, force: true }),
  }
}

/** Descent of `runs` runs whose arrays are as long as they must be and no longer. The rate is 1, the end at `end`. */
export function makeBatch(runs: number, end: number, budget = end): Batch {
  const [depth, features, width, points, capacity, rungs] = [2, 3, 4, 2, 5, 6]
  const weights = width * features + width * width + width * width
  const doubles = (count: number) => new Float64Array(runs * count)
  const longs = () => new BigInt64Array(runs)
  return {
    objective: OBJECTIVE.jepa,
    mode: MODE.descent,
    form: FORM.full,
    precision: PRECISION.compensated,
    layout: LAYOUT.auto,
    threads: 1,
    ...{ runs, depth, features, width, rungs, points, capacity, budget },
    rows: 8,
    rateTable: 0,
    sxx: doubles(features),
    syx: doubles(features * features),
    syy: doubles(features * features),
    directions: doubles(features * features),
    slope: doubles(features * features),
    noise: doubles(features * features),
    batchSxx: null,
    batchSyx: null,
    seed: longs(),
    rate: doubles(1).fill(1),
    momentum: doubles(1),
    end: doubles(1).fill(end),
    weights: doubles(weights),
    carry: doubles(weights),
    velocity: doubles(weights),
    integrator: doubles(16),
    step: longs(),
    time: doubles(1),
    ladder: new Float64Array(rungs),
    above: new Int32Array(runs * features),
    below: new Int32Array(runs * features),
    looked: doubles(features),
    lookedAt: doubles(1).fill(-1),
    point: doubles(points),
    nextPoint: new Int32Array(runs),
    row: doubles(points * (1 + features)),
    rowStep: new BigInt64Array(runs * points),
    passage: doubles(capacity * 4),
    passages: new Int32Array(runs),
    status: new Int32Array(runs),
    lost: doubles(2),
    evaluations: longs(),
    cancel: new Int32Array(1),
  }
}

/** Progress lines belong to set-ups, not to the tests' output. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const write = process.stderr.write
  process.stderr.write = () => true
  try {
    return await work()
  } finally {
    process.stderr.write = write
  }
}
