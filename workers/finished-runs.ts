import { openPacks } from '../src/artifacts/pack.ts'
import { readManifest } from '../src/artifacts/run-folder.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import { type CohortRun, soloCohort } from '../src/queue/cohort-job.ts'

/**
 * The fingerprints, by id, of a cohort's runs whose files are there: in a folder where the cohort is one job on its own, else in
 * its packs, which are read once. What is damaged counts as missing, and the run is then made anew.
 */
export async function finishedRuns(
  artifacts: string,
  cohort: string,
  runs: readonly CohortRun[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const packed = runs.filter(({ id, attempt }) => soloCohort(id, attempt) !== cohort)
  for (const run of runs.filter((each) => !packed.includes(each))) {
    const manifest = await readManifest(artifacts, run.id, run.attempt).catch(nullIfDamaged)
    if (manifest !== null) found.set(run.id, manifest.fingerprint)
  }
  if (packed.length === 0) return found
  const packs = await openPacks(artifacts, cohort)
  try {
    const manifests = await packs.manifests()
    for (const { id, attempt } of packed) {
      const manifest = manifests.get(`${id}.${attempt}`)
      if (manifest !== undefined) found.set(id, manifest.fingerprint)
    }
  } finally {
    await packs.close()
  }
  return found
}

function nullIfDamaged(error: unknown): null {
  if (error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED') return null
  throw error
}
