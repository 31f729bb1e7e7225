import { stat } from 'node:fs/promises'
import { artifactPath, readManifest } from '../artifacts/run-folder.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { Manifest } from '../experiment/measurement.ts'
import { WITH_RESULT } from '../experiment/states.ts'
import type { CohortDigest, RunDigest } from '../queue/cohort-job.ts'
import { type Desk, isOpen, move } from './desk.ts'

/** Takes the ends of runs over into the ledger. Each end is taken over once, whoever brings it and how often. */
export interface Commits {
  /** Commits every run of a cohort that has ended, and drops the cohort from the queue once all are in the ledger. */
  cohort(cohort: string, digest: CohortDigest): Promise<void>
  /** Commits a run whose manifest is there, though no queue told of it. */
  finished(id: string, attempt: number): Promise<void>
  /** Waits for what is under way. */
  settled(): Promise<void>
}

/** The folder may be shared over a network and show files late, and a report may meet a passing trouble. */
const TRIES = 3

export function openCommits(desk: Desk): Commits {
  const underWay = new Map<string, Promise<void>>()
  const tries = new Map<string, number>()
  const once = (key: string, work: () => Promise<void>): Promise<void> => {
    const begun = underWay.get(key) ?? work().finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }
  const finish = async (id: string, attempt: number, fingerprint: string | null, crashes?: number) => {
    const key = `${id}-${attempt}`
    if (!isOpen(desk, id, attempt)) return
    try {
      await commitFinished(desk, id, attempt, fingerprint, crashes)
      tries.delete(key)
    } catch (error) {
      const tried = (tries.get(key) ?? 0) + 1
      tries.set(key, tried)
      desk.log.warn({ jobId: id, attempt, tried, err: error }, 'finished run not committed')
      if (tried < TRIES) return // the reconciler comes back to it
      tries.delete(key)
      fail(desk, id, attempt, error)
    }
  }
  const settle = async (digest: RunDigest) => {
    const { id, attempt, crashes } = digest
    if (digest.ended === 'finished') await finish(id, attempt, digest.fingerprint, crashes)
    else if (digest.ended === 'cancelled') move(desk, id, attempt, 'cancelled', { crashes })
    else
      move(desk, id, attempt, 'failed', { crashes, reason: { code: digest.code, message: digest.message } })
  }
  return {
    cohort: async (cohort, { runs }) => {
      await Promise.all(runs.map((run) => once(`${run.id}-${run.attempt}`, () => settle(run))))
      if (runs.some((run) => isOpen(desk, run.id, run.attempt))) return
      await desk.queue
        .forget(cohort)
        .catch((error) => desk.log.debug({ cohort, err: error }, 'ended cohort still in the queue'))
    },
    finished: (id, attempt) => once(`${id}-${attempt}`, () => finish(id, attempt, null)),
    settled: async () => void (await Promise.allSettled(underWay.values())),
  }
}

/** Ends a run as failed for an error: ours by its code, others as INTERNAL, for the log has the rest. */
export function fail(desk: Desk, id: string, attempt: number, error: unknown): void {
  const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
  move(desk, id, attempt, 'failed', { reason: { code: known.code, message: known.message } })
}

async function commitFinished(
  desk: Desk,
  id: string,
  attempt: number,
  fingerprint: string | null,
  crashes: number | undefined,
): Promise<void> {
  const manifest = await checkedManifest(desk, id, attempt, fingerprint)
  const run = desk.ledger.find(id)
  if (run === null) return
  const { files: _, ...summary } = manifest
  const result = await desk.report({ id, attempt, spec: run.spec, manifest: summary })
  const { outcome, message, device, engine, steps } = manifest
  move(desk, id, attempt, outcome, {
    manifest: summary,
    device,
    engine,
    result,
    reason: message === null ? null : { code: outcome.toUpperCase(), message },
    // A run that diverged did not do all of its steps.
    progress: {
      step: steps,
      steps: outcome === 'succeeded' ? steps : Math.max(steps, run.progress.steps),
      fraction: 1,
      etaSeconds: 0,
    },
    ...(crashes !== undefined && { crashes }),
  })
}

/** Sizes are checked here, at no cost; contents are checked against their SHA-256 whenever they are read. */
async function checkedManifest(
  { artifactsRoot }: Desk,
  id: string,
  attempt: number,
  fingerprint: string | null,
): Promise<Manifest> {
  const manifest = await readManifest(artifactsRoot, id, attempt)
  const damaged = (name: string, why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  if (manifest === null) {
    throw damaged('manifest.json', 'it is missing; the API and its workers must share one JEPALAB_ARTIFACTS')
  }
  if (fingerprint !== null && manifest.fingerprint !== fingerprint) {
    throw damaged('manifest.json', `its fingerprint is not ${fingerprint}, which the worker told`)
  }
  if (!WITH_RESULT.has(manifest.outcome)) {
    throw damaged('manifest.json', `it tells of the outcome ${manifest.outcome}, which has no result`)
  }
  for (const { name, bytes } of manifest.files) {
    const found = await stat(artifactPath(artifactsRoot, id, attempt, name)).catch(() => null)
    if (found === null) throw damaged(name, 'it is missing')
    if (found.size !== bytes) throw damaged(name, `it has ${found.size} bytes, ${bytes} were written`)
  }
  return manifest
}
