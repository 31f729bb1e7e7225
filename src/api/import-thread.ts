import { parentPort, workerData } from 'node:worker_threads'
import { type Draft, type ImportOrder, importImages } from '../data/import/import-images.ts'
import type { ImportLimits } from '../data/import/limits.ts'
import type { ImportProgress } from '../experiment/dataset-view.ts'
import { ExperimentError, type FailureCode } from '../experiment/failure.ts'

/** What the thread starts with. */
export interface ImportData {
  readonly order: ImportOrder
  readonly limits: ImportLimits
}

/** What it says: how far it is, then one of the others. */
export type ImportSaid =
  | { readonly progress: ImportProgress }
  | { readonly draft: Draft }
  | { readonly code: FailureCode; readonly facts: unknown }
  | { readonly crash: string }

/** The thread behind image-imports.ts: one import, from files to a draft, then its end. */
const port = parentPort
if (port === null) throw new Error('import-thread.ts runs as a worker thread only.')

const { order, limits } = workerData as ImportData
const say = (said: ImportSaid) => port.postMessage(said)
const STEP = 0.01
let told: ImportProgress = { phase: 'reading', fraction: -STEP }

importImages(
  order,
  (progress) => {
    if (progress.phase === told.phase && progress.fraction - told.fraction < STEP) return
    told = progress
    say({ progress })
  },
  limits,
).then(
  (draft) => say({ draft }),
  (error) => {
    if (error instanceof ExperimentError) say({ code: error.code, facts: error.facts })
    else say({ crash: (error as Error).stack ?? String(error) })
  },
)
