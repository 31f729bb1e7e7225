import { intendedEngine } from '../experiment/engine-choice.ts'
import { runId } from '../experiment/identity.ts'
import { isLinear, type LinearSpec, type ResolvedSpec } from '../experiment/resolve.ts'
import type { NewRun } from '../ledger/run.ts'
import { soloCohort } from '../queue/cohort-job.ts'
import type { Admitted } from './admission.ts'
import { START_SECONDS, type Work } from './estimate.ts'
import { FIXED_BYTES } from './memory.ts'
import { SHARE_AMONG_OTHERS, SHARED_BYTES } from './net-work.ts'
import { warningsOf } from './warnings.ts'

/** An admitted experiment as the ledger takes it: in a cohort of its own, or to be gathered with others of a sweep. */
export function newRunOf(admitted: Admitted, isOfSweep: boolean): NewRun {
  const { asked, spec, name, tags, dataDigest, work, spectrum, features } = admitted
  const id = runId(spec, dataDigest)
  const engine = intendedEngine(spec)
  return {
    id,
    asked,
    spec,
    name,
    tags,
    warnings: warningsOf(spec, spectrum),
    dataDigest,
    cohort: isOfSweep ? '' : soloCohort(id, 1),
    alone: !isOfSweep,
    shape: isLinear(spec) ? shapeOf(spec, features, engine) : shapeOfNet(spec, features, engine),
    ...amongOthers(spec, work, engine === 'auto' ? 'reference' : engine),
    progress: { step: 0, steps: work.steps, fraction: 0, etaSeconds: null },
  }
}

/** What a run adds to others that it trains with. */
function amongOthers(spec: ResolvedSpec, { seconds, memoryBytes }: Work, engine: keyof typeof START_SECONDS) {
  const own = Math.max(0, seconds - START_SECONDS[engine])
  return {
    seconds: isLinear(spec) ? own : own * SHARE_AMONG_OTHERS,
    bytes: Math.max(0, memoryBytes - (isLinear(spec) ? FIXED_BYTES : SHARED_BYTES)),
  }
}

/**
 * Runs of one shape train together well. The objective is no part of it, so that twins share a cohort, nor are λ, ρ, ε, seed,
 * learning rate and length, which differ per lane.
 */
function shapeOf({ model, training, device }: LinearSpec, features: number, engine: string): string {
  const descent =
    training.mode === 'flow' ? [] : [training.momentum > 0, training.batchSize ?? 0, training.draws ?? '']
  return JSON.stringify([
    engine,
    device,
    model.depth,
    model.width,
    features,
    training.mode,
    training.precision,
    ...descent,
  ])
}

/** Nets that are recorded alike: their rates, seeds, data, starts and lengths are fed to the program. */
function shapeOfNet(spec: ResolvedSpec, features: number, engine: string): string {
  const { objective, model, loss, training, device } = spec
  if (training.mode === 'flow') throw new TypeError('Nets have no flow.')
  const { batchSize, momentum, precision, optimizer, clip = null, weightDecay = 0 } = training
  const update = [momentum > 0, precision, optimizer?.kind, clip !== null, weightDecay > 0]
  return JSON.stringify([engine, device, features, objective, model, loss, batchSize, ...update])
}
