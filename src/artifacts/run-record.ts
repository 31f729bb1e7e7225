import { ExperimentError } from '../experiment/failure.ts'
import type { RunWeights } from '../experiment/matrix.ts'
import type { Manifest, Measurements } from '../experiment/measurement.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { RunFiles, RunKey } from './run-folder.ts'
import {
  readTensors,
  type Tensor,
  type TensorFile,
  weightsIn,
  weightTensors,
  weightTexts,
  writeTensors,
} from './safetensors.ts'

/**
 * Everything of a finished run in one safetensors file: time, step, loss [points], amplitudes [features][points], the
 * passages of all features one after the other with their counts [features], probes.<name> [values][points] and the weights, of
 * a net behind `weights.`; spec and manifest as JSON texts.
 * Measurements are kept as measurements.json would: −0 is 0, and every number that is not finite is NaN. The public files of a run can be made of it to the byte, so their sizes and SHA-256 are not kept: the list of files of
 * its manifest is empty.
 */
export interface RunRecord {
  readonly spec: ResolvedSpec
  readonly manifest: Manifest
  readonly measurements: Measurements
  readonly weights: RunWeights
}

const WEIGHTS = 'weights.'
const PROBES = 'probes.'

/** The record's bytes, and the manifest in it. */
export function writeRecord(files: RunFiles): { bytes: Uint8Array; manifest: Manifest } {
  const { spec, measurements, weights } = files
  const fingerprint = fingerprintOf(measurements, weights)
  const manifest: Manifest = { manifest: 1, ...files.manifest, fingerprint, files: [] }
  const told = { spec: JSON.stringify(spec), manifest: JSON.stringify(manifest) }
  const texts = { format: 'jepalab', ...told, ...weightTexts(weights) }
  const tensors = [...seriesTensors(measurements), ...weightTensors(weights, WEIGHTS)]
  return { bytes: writeTensors(tensors, texts), manifest }
}

/**
 * Reads what `writeRecord` wrote.
 *
 * @param name of the record, for the error
 * @throws ARTIFACT_DAMAGED where it is not whole, tells of another run or has another fingerprint than its manifest
 */
export function readRecordBytes(bytes: Uint8Array, key: RunKey, name: string): RunRecord {
  const file = readTensors(bytes, name)
  const manifest = manifestIn(file, key, name)
  const measurements = measurementsIn(file)
  const weights = weightsIn(file, WEIGHTS)
  if (fingerprintOf(measurements, weights) !== manifest.fingerprint) {
    const why = 'its numbers do not have the fingerprint of its manifest'
    throw new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  }
  return { spec: textIn(file, 'spec', name) as ResolvedSpec, manifest, measurements, weights }
}

/** The manifest in a record, without its numbers. @throws ARTIFACT_DAMAGED where there is none or it tells of another run */
export function readRecordManifest(bytes: Uint8Array, key: RunKey, name: string): Manifest {
  return manifestIn(readTensors(bytes, name), key, name)
}

function manifestIn(file: TensorFile, { id, attempt }: RunKey, name: string): Manifest {
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  const manifest = textIn(file, 'manifest', name) as Manifest | null
  if (manifest?.manifest !== 1) throw damaged('it has no manifest of version 1')
  if (manifest.id !== id || manifest.attempt !== attempt) {
    throw damaged(`it tells of ${manifest.id}, attempt ${manifest.attempt}`)
  }
  return manifest
}

function textIn(file: TensorFile, key: string, name: string): unknown {
  try {
    return JSON.parse(file.metadata[key] as string)
  } catch (cause) {
    throw new ExperimentError('ARTIFACT_DAMAGED', { name, why: `its ${key} is not JSON` }, { cause })
  }
}

function seriesTensors({
  time,
  step,
  loss,
  amplitudes,
  passages,
  probes = {},
}: Measurements): (readonly [string, Tensor])[] {
  const list = (...parts: (readonly number[])[]): Tensor => {
    const data = joined(parts)
    return { shape: [data.length], data }
  }
  const table = (rows: readonly (readonly number[])[]): Tensor => {
    return { shape: [rows.length, time.length], data: joined(rows) }
  }
  return [
    ['time', list(time)],
    ['step', list(step)],
    ['loss', list(loss)],
    ['amplitudes', table(amplitudes)],
    ['passages.counts', list(passages.map((passage) => passage.time.length))],
    ['passages.time', list(...passages.map((passage) => passage.time))],
    ['passages.amplitude', list(...passages.map((passage) => passage.amplitude))],
    ...Object.entries(probes).map(([name, { values }]) => [`${PROBES}${name}`, table(values)] as const),
  ]
}

function joined(parts: readonly (readonly number[])[]): Float64Array {
  const data = new Float64Array(parts.reduce((count, part) => count + part.length, 0))
  let at = 0
  for (const part of parts)
    for (const value of part) data[at++] = Number.isFinite(value) ? value + 0 : Number.NaN
  return data
}

/** @throws ARTIFACT_DAMAGED */
function measurementsIn(file: TensorFile): Measurements {
  const list = (name: string) => {
    const { data } = file.tensor(name, 1)
    return part(data, 0, data.length)
  }
  const table = (name: string) => {
    const { shape, data } = file.tensor(name, 2)
    const [rows = 0, points = 0] = shape
    return Array.from({ length: rows }, (_, i) => part(data, i * points, (i + 1) * points))
  }
  const probed = file.names.filter((name) => name.startsWith(PROBES))
  const probes = probed.map((name) => [name.slice(PROBES.length), { values: table(name) }] as const)
  const [times, rungs] = [file.tensor('passages.time', 1).data, file.tensor('passages.amplitude', 1).data]
  let at = 0
  const passages = list('passages.counts').map((count) => {
    const from = at
    at += count
    return { time: part(times, from, at), amplitude: part(rungs, from, at) }
  })
  return {
    time: list('time'),
    step: list('step'),
    loss: list('loss'),
    amplitudes: table('amplitudes'),
    passages,
    ...(probes.length > 0 && { probes: Object.fromEntries(probes) }),
  }
}

/** Numbers of a typed array as a list; Array.from takes several times as long. */
function part(data: Float64Array, from: number, to: number): number[] {
  const numbers = new Array<number>(Math.max(0, Math.min(to, data.length) - from))
  for (let i = 0; i < numbers.length; i++) numbers[i] = data[from + i]!
  return numbers
}
