import { ExperimentError } from '../../../src/experiment/failure.ts'
import type { Device } from '../../../src/experiment/spec.ts'
import { type StepwiseEngine, stepwise } from '../stepwise.ts'
import { loadTensorFlow } from './load.ts'
import { TensorTraining } from './training.ts'

/**
 * TensorFlow through tfjs-node-gpu, operation by operation, in float32: fast where a step is large.
 *
 * @throws ENGINE_UNAVAILABLE where TensorFlow is not set up, CUDA_UNAVAILABLE where `cuda` is asked for in vain
 */
export async function openTensorFlowEngine(device: Device): Promise<StepwiseEngine> {
  const { tf, version, device: found } = await loadTensorFlow(device)
  return stepwise(
    {
      name: 'tensorflow',
      device: found,
      versions: { node: process.versions.node, tensorflow: version, tfjs: tf.version.tfjs },
      precision(asked) {
        if (asked === 'float64') throw refusal('it computes in float32, and this run asks for float64')
        return asked
      },
    },
    (plan) => {
      if (plan.training.mode === 'flow') throw refusal('it has no integrator for flow')
      return new TensorTraining(tf, plan, plan.training)
    },
  )
}

function refusal(why: string): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'tensorflow', why })
}
