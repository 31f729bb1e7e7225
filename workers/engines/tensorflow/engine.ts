import { ExperimentError } from '../../../src/experiment/failure.ts'
import type { Device } from '../../../src/experiment/spec.ts'
import { multipliesInFloat32 } from '../../../src/experiment/training-spec.ts'
import type { NetPlan, NetTrajectory, Trainee } from '../engine.ts'
import { type StepwiseEngine, stepwise } from '../stepwise.ts'
import { loadTensorFlow, type TensorFlow } from './load.ts'
import { batchesOf } from './nets/batches.ts'
import { Lane } from './nets/lane.ts'
import { trainTogether } from './nets/net-training.ts'
import { NetPrograms } from './nets/programs.ts'
import { TensorTraining } from './training.ts'

/**
 * TensorFlow through tfjs-node-gpu, in float32: deep linear models operation by operation, fast where a step is large, and nets by a
 * recorded step.
 *
 * @throws ENGINE_UNAVAILABLE where TensorFlow is not set up, CUDA_UNAVAILABLE where `cuda` is asked for in vain
 */
export async function openTensorFlowEngine(device: Device): Promise<StepwiseEngine> {
  const { tf, version, device: found, kernels } = await loadTensorFlow(device)
  const linear = stepwise(
    {
      name: 'tensorflow',
      device: found,
      versions: { node: process.versions.node, tensorflow: version, tfjs: tf.version.tfjs },
      precision(asked) {
        if (multipliesInFloat32(asked)) return asked
        throw refusal(`it computes in float32, and this run asks for ${asked}`)
      },
    },
    (plan) => {
      if (plan.training.mode === 'flow') throw refusal('it has no integrator for flow')
      return new TensorTraining(tf, plan, plan.training)
    },
  )
  const operations = kernels.why === null ? 'our own' : 'of tfjs'
  return { ...linear, operations, trainNets: (runs) => trainNets(tf, runs) }
}

/** Nets in batches, one after the other; runs that wait end at once where they are told to. */
function trainNets(tf: TensorFlow['tf'], runs: readonly Trainee<NetPlan>[]): Promise<NetTrajectory>[] {
  const lanes = runs.map((run) => new Lane(run))
  void trainInTurn(tf, [...lanes])
  return lanes.map(({ end }) => end)
}

/** Lets go of each batch once it has ended. */
async function trainInTurn(tf: TensorFlow['tf'], lanes: Lane[]): Promise<void> {
  const programs = new NetPrograms(tf)
  const batches = await batchesOf(lanes.splice(0))
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    await trainTogether(tf, programs, batch)
  }
  programs.close()
}

function refusal(why: string): ExperimentError {
  return new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'tensorflow', why })
}
