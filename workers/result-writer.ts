import { writePack } from '../src/artifacts/pack.ts'
import { type RunFiles, type RunKey, writeRun } from '../src/artifacts/run-folder.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import { areLinear } from '../src/experiment/matrix.ts'
import { soloCohort } from '../src/queue/cohort-job.ts'

/** Puts finished runs on the disk: a job on its own into its folder at once, runs of a larger cohort into packs. */
export interface ResultWriter {
  /** @returns the run's fingerprint, once its files are there for good. @throws ARTIFACTS_UNWRITABLE */
  write(key: RunKey, files: RunFiles): Promise<string>
  /** Writes what waits: no more runs are to come soon. */
  flush(): void
}

const PACK_RUNS = 64
const PACK_NUMBERS = 4e6 // of the runs that wait: 32 MB
const PACK_MS = 1000 // the longest that a run waits for others to fill its pack

/** A run that waits for its pack. */
interface Waiting {
  readonly key: RunKey
  readonly files: RunFiles
  resolve(fingerprint: string): void
  reject(error: unknown): void
}

export function openResultWriter(artifacts: string, cohort: string): ResultWriter {
  let waiting: Waiting[] = []
  let numbers = 0
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const runs = waiting
    waiting = []
    numbers = 0
    if (runs.length > 0) void pack(artifacts, cohort, runs)
  }
  return {
    write: async (key, files) => {
      if (soloCohort(key.id, key.attempt) === cohort) {
        const manifest = await writeRun(artifacts, key, files).catch((error) => refuse(artifacts, error))
        return manifest.fingerprint
      }
      return new Promise((resolve, reject) => {
        waiting.push({ key, files, resolve, reject })
        numbers += numbersOf(files)
        if (waiting.length >= PACK_RUNS || numbers >= PACK_NUMBERS) flush()
        else timer ??= setTimeout(flush, PACK_MS)
      })
    },
    flush,
  }
}

function numbersOf({ measurements: { step, amplitudes, probes = {} }, weights }: RunFiles): number {
  const matrices = areLinear(weights) ? [...weights.layers, weights.decoder] : Object.values(weights)
  const probed = Object.values(probes).reduce((count, { values }) => count + values.length, 0)
  const series = 3 + amplitudes.length + probed
  return matrices.reduce((sum, { data }) => sum + data.length, step.length * series)
}

async function pack(artifacts: string, cohort: string, runs: readonly Waiting[]): Promise<void> {
  try {
    const manifests = await writePack(artifacts, cohort, runs).catch((error) => refuse(artifacts, error))
    for (const [r, { resolve }] of runs.entries()) resolve(manifests[r]?.fingerprint ?? '')
  } catch (error) {
    for (const { reject } of runs) reject(error)
  }
}

/** What the file system refuses is told as such; any other error is a fault of ours. */
function refuse(folder: string, cause: NodeJS.ErrnoException): never {
  if (cause.code === undefined || cause instanceof ExperimentError) throw cause
  throw new ExperimentError('ARTIFACTS_UNWRITABLE', { folder, why: cause.message }, { cause })
}
