import { intendedEngine } from '../../src/experiment/engine-choice.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { findGpus } from '../../src/experiment/hardware.ts'
import type { ResolvedSpec } from '../../src/experiment/resolve.ts'
import type { Engine } from './engine.ts'
import { referenceEngine } from './reference/engine.ts'
import { openTensorFlowEngine } from './tensorflow/engine.ts'

/**
 * The engine of a run: the one asked for, or by speed. A population step is 3L + 2 products of w × w matrices:
 * the reference engine takes time in proportion to w³ for each, TensorFlow some 20 µs for each, whatever their
 * size, until w is in the hundreds. The two meet at w = 36 to 41 for every depth, in descent and in sgd (bench/engine-crossover.ts;
 * figures in docs/engines.md).
 *
 * @throws ENGINE_UNAVAILABLE with the reason, CUDA_UNAVAILABLE where device cuda finds no GPU
 */
export async function chooseEngine(spec: ResolvedSpec): Promise<Engine> {
  const intended = intendedEngine(spec)
  if (intended === 'lanes') throw refusal('lanes', 'this build does not have it')
  if (spec.device === 'cuda' && findGpus().names.length === 0) {
    throw new ExperimentError('CUDA_UNAVAILABLE', { why: 'this machine shows 0 GPUs' })
  }
  if (intended === 'reference') {
    if (spec.device === 'cuda')
      throw refusal('reference', 'it computes on the CPU, and this run asks for cuda')
    return referenceEngine
  }
  try {
    const engine = await openTensorFlowEngine(spec.device)
    engine.precision(spec.training.precision) // refuses what it does not have
    return engine
  } catch (error) {
    const isMissing = error instanceof ExperimentError && error.code === 'ENGINE_UNAVAILABLE'
    if (isMissing && spec.engine === 'auto' && spec.device !== 'cuda') return referenceEngine
    throw error
  }
}

function refusal(engine: string, why: string): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine, why })
}
