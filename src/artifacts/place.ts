import { ExperimentError } from '../experiment/failure.ts'
import type { ArtifactFile, Manifest } from '../experiment/measurement.ts'
import { openPacks } from './pack.ts'
import {
  listedFile,
  PUBLIC_FILES,
  type RunKey,
  readArtifact,
  readManifest,
  readMeasurements,
  readWeights,
  sizedManifest,
} from './run-folder.ts'
import type { RunRecord } from './run-record.ts'

/**
 * Where a run's numbers lie: in a folder of its own where it was trained alone, in a pack where a cohort was trained
 * together. Whoever reads through this file sees the same files with the same bytes in both.
 */
export interface RunPlace {
  readonly id: string
  readonly attempt: number
  /** The unit of execution: `<id>-<attempt>` is that of a run on its own. */
  readonly cohort: string
}

/** Whether a run lies in a pack of its cohort, not in a folder. */
export function liesInPack({ id, attempt, cohort }: RunPlace): boolean {
  return cohort !== `${id}-${attempt}`
}

/** A finished run without its weights. */
export type RunSeries = Omit<RunRecord, 'weights'>

/** The runs of one cohort, open for reading. */
export interface CohortRuns {
  /** A run, checked, or null where it has not been written. @throws ARTIFACT_DAMAGED */
  read(key: RunKey): Promise<RunSeries | null>
  /** May be called twice. */
  close(): Promise<void>
}

/** Opens what there is of a cohort, be it a folder or packs. */
export async function openCohort(root: string, cohort: string): Promise<CohortRuns> {
  const packs = await openPacks(root, cohort)
  const read = (key: RunKey) =>
    liesInPack({ ...key, cohort }) ? packs.read(key) : readFolder(root, key.id, key.attempt)
  return { read, close: packs.close }
}

/** A finished run without its weights, checked. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readSeries(root: string, place: RunPlace): Promise<RunSeries> {
  const { id, attempt } = place
  const series = liesInPack(place) ? await readPacked(root, place) : await readFolder(root, id, attempt)
  if (series === null) throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name: 'manifest.json' })
  return series
}

/** Everything of a finished run, checked. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readRecord(root: string, place: RunPlace): Promise<RunRecord> {
  const { id, attempt } = place
  const packed = liesInPack(place) ? await readPacked(root, place) : null
  if (packed !== null) return packed
  return { ...(await readSeries(root, place)), weights: await readWeights(root, id, attempt) }
}

async function readFolder(root: string, id: string, attempt: number): Promise<RunSeries | null> {
  const manifest = await sizedManifest(root, id, attempt)
  if (manifest === null) return null
  const spec = JSON.parse((await readArtifact(root, id, attempt, 'spec.json')).toString('utf8'))
  return { spec, manifest, measurements: await readMeasurements(root, id, attempt) }
}

/** The public files of a run; none where it has not been written. @throws ARTIFACT_DAMAGED */
export async function listArtifacts(root: string, place: RunPlace): Promise<readonly ArtifactFile[]> {
  return (await readPlacedManifest(root, place))?.files ?? []
}

/** The bytes of a public file, checked. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readPlacedArtifact(root: string, place: RunPlace, name: string): Promise<Buffer> {
  const { id, attempt } = place
  if (!liesInPack(place)) return readArtifact(root, id, attempt, name)
  const format = Object.hasOwn(PUBLIC_FILES, name) ? PUBLIC_FILES[name] : undefined
  const record = format && (await readPacked(root, place))
  if (!record) throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name })
  const bytes = format(record)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The manifest of a run as its folder would have it, or null where none was written. @throws ARTIFACT_DAMAGED */
export async function readPlacedManifest(root: string, place: RunPlace): Promise<Manifest | null> {
  if (!liesInPack(place)) return readManifest(root, place.id, place.attempt)
  const record = await readPacked(root, place)
  if (record === null) return null
  const files = Object.entries(PUBLIC_FILES).map(([name, format]) => listedFile(name, format(record)))
  return { ...record.manifest, files }
}

async function readPacked(root: string, place: RunPlace): Promise<RunRecord | null> {
  const packs = await openPacks(root, place.cohort)
  try {
    return await packs.read(place)
  } finally {
    await packs.close()
  }
}
