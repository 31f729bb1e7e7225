import { glanceAtData } from '../data/inspect.ts'
import { engineFaults } from '../experiment/engine-choice.ts'
import { ExperimentError, type FieldFault } from '../experiment/failure.ts'
import { shapeFaults } from '../experiment/net-faults.ts'
import { isLinear, isNet, type ResolvedSpec, resolveSpec } from '../experiment/resolve.ts'
import { checkSchema } from '../experiment/schema.ts'
import type { ExperimentSpec } from '../experiment/spec.ts'
import { estimateWork, type Work } from './estimate.ts'
import { memoryOf } from './memory.ts'
import { estimateNet, netMemory } from './net-work.ts'
import type { SpectrumOf } from './spectra.ts'

/** What one run may take. */
export interface Limits {
  readonly maxSteps: number
  readonly maxMemory: number // bytes
  /** Cards that the workers have; null where workers may be on other hosts, of which nothing is known here. */
  readonly gpus: number | null
  /** The folder whose registered image sets may be named. */
  readonly artifacts?: string
}

/** An experiment that may be run, with its labels apart. */
export interface Admitted {
  readonly asked: ExperimentSpec // without name and tags
  readonly name: string | null
  readonly tags: readonly string[]
  readonly spec: ResolvedSpec
  readonly dataDigest: string | null
  readonly features: number // d
  readonly images?: number // in the set
  readonly work: Work
  /** Null for nets, which need none: of many entries it takes minutes. */
  readonly spectrum: Awaited<ReturnType<SpectrumOf>> | null
}

/** A spec's deepest value lies at data.A[i][j]; a few levels more leave room to grow. */
const MAX_DEPTH = 16

/** What is known of an experiment before its spectrum. */
type Vetted = Omit<Admitted, 'work' | 'spectrum'>

/**
 * Lets an experiment in or says why not, before anything is kept: nesting, schema, domain of the data, the model and
 * the training, then the limits. Quotas of users, when they come, are held here.
 *
 * @throws BODY_TOO_DEEP, SCHEMA_MISMATCH, SPEC_INVALID, DATASET_UNREADABLE, CUDA_UNAVAILABLE
 */
export async function admit(body: unknown, limits: Limits, spectrumOf: SpectrumOf): Promise<Admitted> {
  const vetted = await vet(body, limits)
  const { spec, asked, dataDigest, features, images } = vetted
  if (isNet(spec)) return { ...vetted, work: estimateNet(spec, features, images), spectrum: null }
  if (!isLinear(spec)) throw new TypeError('A model is deep linear or a net.')
  const spectrum = await spectrumOf(asked.data, dataDigest)
  const work = estimateWork(spec, spectrum)
  if (work.steps > limits.maxSteps) refuseSteps(work.steps, asked, limits)
  return { ...vetted, work, spectrum }
}

/** The part of it that needs no decomposition. @throws as `admit` */
export async function vet(body: unknown, limits: Limits): Promise<Vetted> {
  checkDepth(body)
  checkSchema(body)
  const { name = null, tags = [], ...asked } = body
  const { features, digest, images, faults } = await glanceAtData(asked.data, limits.artifacts)
  refuseAll(faults)
  const spec = resolveSpec(asked, features)
  if (isNet(spec)) refuseAll(shapeFaults(spec, features, images))
  checkPlace(spec, limits)
  checkSteps(spec, asked, limits)
  checkMemory(spec, features, images, limits)
  return {
    asked,
    name,
    tags,
    spec,
    dataDigest: digest,
    features,
    ...(images === undefined ? {} : { images }),
  }
}

/** @throws BODY_TOO_DEEP */
export function checkDepth(body: unknown): void {
  if (isDeeperThan(body, MAX_DEPTH)) throw new ExperimentError('BODY_TOO_DEEP', { limit: MAX_DEPTH })
}

/** A place to run must exist: an engine that can do it, and a card where one is asked for. */
function checkPlace(spec: ResolvedSpec, { gpus }: Limits): void {
  refuseAll(engineFaults(spec))
  if (spec.device !== 'cuda' || gpus === null || gpus > 0) return
  throw new ExperimentError('CUDA_UNAVAILABLE', { why: 'the machine of the workers shows 0 GPUs' })
}

function checkSteps(spec: ResolvedSpec, asked: ExperimentSpec, limits: Limits): void {
  const { training } = spec
  if (training.mode !== 'flow' && training.steps > limits.maxSteps) refuseSteps(training.steps, asked, limits)
}

function refuseSteps(steps: number, { training }: ExperimentSpec, { maxSteps }: Limits): never {
  const pointer = 'steps' in training ? '/training/steps' : '/training/time'
  const about = training.mode === 'flow' ? 'about ' : ''
  const message = `The run takes ${about}${steps} steps and JEPALAB_MAX_STEPS allows ${maxSteps}; train for less time${training.mode === 'flow' ? '' : ' or with a larger learning rate'}.`
  throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer, message }] })
}

function checkMemory(
  spec: ResolvedSpec,
  features: number,
  images: number | undefined,
  { maxMemory }: Limits,
): void {
  const parts = isNet(spec)
    ? netMemory(spec, features, images)
    : isLinear(spec)
      ? memoryOf(spec, features, images)
      : []
  const total = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (total <= maxMemory) return
  const { pointer } = parts.reduce((most, part) => (part.bytes > most.bytes ? part : most))
  const message = `The run needs ${megabytes(total)} MB and JEPALAB_MAX_MEMORY allows ${megabytes(maxMemory)} MB; most of it is for this field, make it smaller.`
  throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer, message }] })
}

function refuseAll(faults: FieldFault[]): void {
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6)

/** Looks no deeper than the limit, so that the value's own depth cannot overflow the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false
  return limit === 0 || Object.values(value).some((each) => isDeeperThan(each, limit - 1))
}
