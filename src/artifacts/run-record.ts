import { ExperimentError } from '../experiment/failure.ts'
import type { Weights } from '../experiment/matrix.ts'
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
  writeTensors,
} from './safetensors.ts'

/**
 * Everything of a finished run in one safetensors file: time, step, loss [points], amplitudes [features][points], the
 * passages of all features one after the other with their counts [features], the weights; spec and manifest as JSON texts.
 * Measurements are kept as measurements.json would: −0 is 0, and every number that is not finite is NaN. The public files of a run can be made of it to the byte, so their sizes and SHA-256 are not kept: the list of files of
 * its manifest is empty.
 */
export interface RunRecord {
  readonly spec: ResolvedSpec
  readonly manifest: Manifest
  readonly measurements: Measurements
  readonly weights: Weights
}

/** The record's bytes, and the manifest in it. */
export function writeRecord(files: RunFiles): { bytes: Uint8Array; manifest: Manifest } {
  const { spec, measurements, weights } = files
  const fingerprint = fingerprintOf(measurements, weights)
  const manifest: Manifest = { manifest: 1, ...files.manifest, fingerprint, files: [] }
  const texts = { format: 'jepalab', spec: JSON.stringify(spec), manifest: JSON.stringify(manifest) }
  const tensors = [...seriesTensors(measurements), ...weightTensors(weights)]
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
  const weights = weightsIn(file)
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
}: Measurements): (readonly [string, Tensor])[] {
  const list = (...parts: (readonly number[])[]): Tensor => {
    const data = joined(parts)
    return { shape: [data.length], data }
  }
  return [
    ['time', list(time)],
    ['step', list(step)],
    ['loss', list(loss)],
    ['amplitudes', { shape: [amplitudes.length, time.length], data: joined(amplitudes) }],
    ['passages.counts', list(passages.map((passage) => passage.time.length))],
    ['passages.time', list(...passages.map((passage) => passage.time))],
    ['passages.amplitude', list(...passages.map((passage) => passage.amplitude))],
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
  const { shape, data } = file.tensor('amplitudes', 2)
  const [features = 0, points = 0] = shape
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
    amplitudes: Array.from({ length: features }, (_, i) => part(data, i * points, (i + 1) * points)),
    passages,
  }
}

/** Numbers of a typed array as a list; Array.from takes several times as long. */
function part(data: Float64Array, from: number, to: number): number[] {
  const numbers = new Array<number>(Math.max(0, Math.min(to, data.length) - from))
  for (let i = 0; i < numbers.length; i++) numbers[i] = data[from + i]!
  return numbers
}
