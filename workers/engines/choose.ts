import { engineWithoutLanes, intendedEngine, mayTakeLanes } from '../../src/experiment/engine-choice.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { findGpus } from '../../src/experiment/hardware.ts'
import { type Installation, readInstallation } from '../../src/experiment/installation.ts'
import { isNet, type ResolvedSpec } from '../../src/experiment/resolve.ts'
import type { Engine } from './engine.ts'
import { openLanesEngine } from './lanes/engine.ts'
import { referenceEngine } from './reference/engine.ts'
import { openTensorFlowEngine } from './tensorflow/engine.ts'

export interface Choice {
  /** What the set-up left; this checkout's where it is left out. */
  readonly installation?: Installation
  /** Hears why an engine that the run would have had is not here, before it goes to another. */
  onMissing?(error: ExperimentError): void
}

/**
 * The engine of a run: the one asked for, or by speed. That is lanes, but for wide runs by samples, which are TensorFlow's; where
 * lanes is not built, TensorFlow for wide runs and the reference engine for the others. For that pair a population step is
 * 3L + 2 products of w × w matrices: the reference engine takes time in proportion to w³ for each, TensorFlow some 20 µs for each,
 * whatever their size, until w is in the hundreds. The two meet at w = 36 to 41 for every depth, in descent and in sgd
 * (bench/engine-crossover.ts; figures in docs/engines.md). Nets are TensorFlow's alone, int8x3 is lanes'.
 *
 * @throws ENGINE_UNAVAILABLE with the reason, CUDA_UNAVAILABLE where device cuda finds no GPU
 */
export async function chooseEngine(spec: ResolvedSpec, choice: Choice = {}): Promise<Engine> {
  const { installation = readInstallation(), onMissing = () => {} } = choice
  if (spec.device === 'cuda' && findGpus().names.length === 0) {
    throw new ExperimentError('CUDA_UNAVAILABLE', { why: 'this machine shows 0 GPUs' })
  }
  const lanes = () => orMissing(spec, onMissing, async () => openLanes(spec, installation))
  const tensorflow = () => orMissing(spec, onMissing, () => openTensorFlow(spec))
  const inTurn = [
    ...(mayTakeLanes(spec) ? [lanes] : []),
    ...(engineWithoutLanes(spec) === 'tensorflow' ? [tensorflow] : []),
  ]
  if (intendedEngine(spec) !== 'lanes') inTurn.reverse()
  for (const open of inTurn) {
    const engine = await open()
    if (engine !== null) return engine
  }
  if (spec.device === 'cuda') throw refusal('reference', 'it computes on the CPU, and this run asks for cuda')
  return referenceEngine
}

function openLanes({ device }: ResolvedSpec, installation: Installation): Engine {
  return openLanesEngine(device === 'cuda' ? { name: 'cuda', installation } : { installation })
}

async function openTensorFlow({ device, training }: ResolvedSpec): Promise<Engine> {
  const engine = await openTensorFlowEngine(device)
  engine.precision(training.precision) // refuses what it does not have
  return engine
}

/** An engine, or null where it is not here and the run does not insist on it. */
async function orMissing(
  spec: ResolvedSpec,
  onMissing: (error: ExperimentError) => void,
  open: () => Promise<Engine>,
): Promise<Engine | null> {
  try {
    return await open()
  } catch (error) {
    const isMissing = error instanceof ExperimentError && error.code === 'ENGINE_UNAVAILABLE'
    if (!isMissing || insists(spec)) throw error
    onMissing(error)
    return null
  }
}

/** Whether a run is for one engine alone. */
function insists(spec: ResolvedSpec): boolean {
  const { engine, device } = spec
  return engine !== 'auto' || device === 'cuda' || isNet(spec) || engineWithoutLanes(spec) === 'lanes'
}

function refusal(engine: string, why: string): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine, why })
}
