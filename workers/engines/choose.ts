import { ExperimentError } from '../../src/experiment/failure.ts'
import { findGpus } from '../../src/experiment/hardware.ts'
import type { ResolvedSpec } from '../../src/experiment/resolve.ts'
import type { Engine } from './engine.ts'
import { referenceEngine } from './reference/engine.ts'
import { openTensorFlowEngine } from './tensorflow/engine.ts'

/**
 * The engine of a run: the one asked for, or by speed. A population step is 3L + 2 products of w × w matrices:
 * the reference engine takes time in proportion to w³ for each, TensorFlow some 20 µs for each and as much
 * again for 7 more operations, whatever their size, until w is in the hundreds. The two meet where
 *   w³ = 4e4 · (1 + 7/(3L + 2))      (w = 46 at L = 1, 40 at L = 3, 37 at L = 8; figures in docs/engines.md).
 * `flow` and precision float64 are the reference engine's alone.
 *
 * @throws ENGINE_UNAVAILABLE with the reason, CUDA_UNAVAILABLE where device cuda finds no GPU
 */
export async function chooseEngine(spec: ResolvedSpec): Promise<Engine> {
  if (spec.engine === 'lanes') throw refusal('lanes', 'this build does not have it')
  if (spec.device === 'cuda' && findGpus().names.length === 0) {
    throw new ExperimentError('CUDA_UNAVAILABLE', { why: 'this machine shows 0 GPUs' })
  }
  const isFloat64 = spec.training.precision === 'float64'
  if (spec.engine === 'tensorflow' || spec.device === 'cuda') {
    const engine = await openTensorFlowEngine(spec.device)
    if (spec.engine === 'reference')
      throw refusal('reference', 'it computes on the CPU, and this run asks for cuda')
    engine.precision(spec.training.precision)
    return engine
  }
  if (spec.engine === 'reference' || isFloat64 || !isLarge(spec)) return referenceEngine
  return openTensorFlowEngine(spec.device).catch((error: unknown) => {
    if (error instanceof ExperimentError && error.code === 'ENGINE_UNAVAILABLE') return referenceEngine
    throw error
  })
}

const MEETING_POINT = 4e4

/** Whether a step is so large that TensorFlow is the faster. */
function isLarge({ model: { depth, width } }: ResolvedSpec): boolean {
  return width ** 3 > MEETING_POINT * (1 + 7 / (3 * depth + 2))
}

function refusal(engine: string, why: string): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine, why })
}
