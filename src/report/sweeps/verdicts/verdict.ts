import type { ClaimName, SweepSpec } from '../../../experiment/sweep.ts'
import type { Boundary, SweepRun, Verdict } from '../../../experiment/sweep-view.ts'
import { judgeBoundary } from './boundaries.ts'
import { judgeClasses } from './classes.ts'
import { judgeBatchSize } from './drift.ts'
import { gatherEvidence, type Judge } from './evidence.ts'
import { judgeDepthGap, judgeSmallScale } from './gap.ts'
import { judgeGeneralised } from './generalised.ts'
import { judgeGreedyInLambda, judgeGreedyInRho } from './greedy-order.ts'
import { judgeInversion } from './inversion.ts'
import { judgeKept } from './kept.ts'
import { judgeRandomStart } from './lost.ts'
import { judgeNets } from './nets.ts'

interface Claim {
  readonly statement: string
  readonly judge: Judge
  /** What it speaks of: deep linear models, where it does not say. */
  readonly of?: 'nets'
}

/** What each claim says, and who judges it. Judges look at measurements; a prediction is only ever what a measurement is held to. */
const CLAIMS: Readonly<Record<ClaimName, Claim>> = {
  'greedy-in-lambda': {
    statement: 'Features of equal ρ are learned by falling λ, whatever the objective and the depth.',
    judge: judgeGreedyInLambda,
  },
  'greedy-in-rho': {
    statement:
      'Of features of equal λ JEPA learns those of high ρ first and further apart than MAE, which does not learn by ρ.',
    judge: judgeGreedyInRho,
  },
  inversion: {
    statement:
      'Where λ falls as ρ rises, JEPA learns by falling ρ where it is deep, MAE always by falling λ, and JEPA at depth 1 too.',
    judge: judgeInversion,
  },
  'inversion-boundary': {
    statement:
      'The λ₀/λ₁ from which the feature of lower ρ is learned first lies where the exact solution puts it.',
    judge: judgeBoundary,
  },
  'depth-widens-gap': {
    statement:
      'With λ equal, the relative spread of critical times rises with every layer for JEPA and falls with depth for MAE.',
    judge: judgeDepthGap,
  },
  'small-scale-is-greedy': {
    statement: 'The smaller the scale of the start, the higher the greedy index.',
    judge: judgeSmallScale,
  },
  'greedy-boundary': {
    statement:
      'The scale of the start above which learning is no longer greedy lies where the exact solution puts it.',
    judge: judgeBoundary,
  },
  'random-start-collapses': {
    statement:
      'From Gaussian weights JEPA loses at least a tenth of its features for good at every depth, and MAE none.',
    judge: judgeRandomStart,
  },
  'static-noise-depth': {
    statement:
      'In the static model MAE learns by falling signal at every depth, and JEPA turns with depth to the features with the least noise.',
    judge: judgeInversion,
  },
  'temporal-depth': {
    statement:
      'In the dynamic model MAE learns by falling covariance at every depth, and JEPA turns with depth to the most predictable features.',
    judge: judgeInversion,
  },
  'generalised-features': {
    statement:
      'JEPA learns generalised features one at a time, and on its first plateau its encoder is ρ^L along that of the largest ρ and 0 across; MAE ends with the singular values of ΣyxΣxx⁻¹.',
    judge: judgeGeneralised,
  },
  'batch-size-drift': {
    statement:
      'Minibatches carry the amplitudes of JEPA from their fixed points, less with every larger batch; MAE drifts less at the smallest batch, and larger batches help it less.',
    judge: judgeBatchSize,
  },
  'jepa-follows-rho': {
    statement:
      'Of nets that differ in their objective alone, the one by JEPA learns in the order of falling ρ more than the one by MAE.',
    judge: judgeNets,
    of: 'nets',
  },
  'jepa-keeps-by-rho': {
    statement:
      'Where a net by JEPA can tell of any latent at the end of training, it tells more of those of the highest ρ than of those of the lowest, by more than a net by MAE from the same start.',
    judge: judgeKept,
    of: 'nets',
  },
  'jepa-loses-classes': {
    statement:
      'Trained by JEPA with nothing but the stopped gradient, a representation tells classes of images worse than before training; trained by MAE, better.',
    judge: judgeClasses,
    of: 'nets',
  },
}

/**
 * What the measurements say of a claim: `holds` is null where they cannot decide, because runs are missing or are none of those
 * that the claim speaks of.
 */
export function verdictOf(
  claim: ClaimName,
  spec: SweepSpec,
  runs: readonly SweepRun[],
  boundary: Boundary | null,
): Verdict {
  const { statement, judge, of } = CLAIMS[claim]
  const evidence = gatherEvidence(spec, runs, boundary)
  const nets = evidence.witnesses.filter(({ spec: { model } }) => model.kind !== 'deep-linear').length
  if (nets > 0 && of !== 'nets') {
    const because = `The claim is one of deep linear models, and ${nets} of ${evidence.witnesses.length} runs are of nets.`
    return { claim, statement, holds: null, because, figures: [] }
  }
  return { claim, statement, ...judge(evidence) }
}
