import type { Mean } from '../../../experiment/sweep-view.ts'
import { answerOf } from '../question.ts'
import { meanOf } from '../student.ts'
import { figure, type Judge, type Witness } from './evidence.ts'
import { depthOf } from './ladders.ts'
import { together, undecided } from './tally.ts'

/**
 * What unbalanced Gaussian weights cost (docs/theory.md §7). A feature is lost where its amplitude ends
 * below half of the fixed point, as a boundary search's collapses:I asks; the share is over features and runs, its interval over runs. JEPA loses at least a tenth of its features
 * at each depth and MAE none.
 */
const LEAST = 0.1
const MEASURED_BEFORE: Readonly<Record<number, string>> = { 1: '0.21', 2: '0.23 to 0.25', 3: '0.38' }

export const judgeRandomStart: Judge = (evidence) => {
  const random = evidence.witnesses.filter(({ spec }) => spec.init.kind === 'gaussian')
  const [jepa, mae] = [sharesByDepth(random, 'jepa'), sharesByDepth(random, 'mae')]
  if (jepa.length === 0 || mae.length === 0)
    return undecided(
      `The claim compares JEPA with MAE from Gaussian weights, and ${jepa.length === 0 ? 'JEPA' : 'MAE'} has no such run.`,
    )
  const figures = [
    ...jepa.map(({ depth, share }) => ({
      name: `share of features that JEPA loses at depth ${depth}`,
      measured: share.mean,
      wanted: `at least ${LEAST}${depth in MEASURED_BEFORE ? `; theory.md §7 has ${MEASURED_BEFORE[depth]}` : ''}`,
    })),
    ...mae.map(({ depth, share }) => ({
      name: `share of features that MAE loses at depth ${depth}`,
      measured: share.mean,
      wanted: '0',
    })),
  ]
  const parts = [...jepa.map(({ share }) => losesMany(share)), ...mae.map(({ share }) => share.mean === 0)]
  const told = jepa.map(({ depth, share }) => `${percent(share)} at depth ${depth}`)
  const most = mae.reduce((high, { share }) => Math.max(high, share.mean ?? 0), 0)
  const because = `JEPA loses ${told.join(', ')}; MAE ${most === 0 ? 'none at any' : `up to ${figure(100 * most)} %`}.`
  return together(evidence, parts, because, figures)
}

/** Open while the interval holds both less and more than the least. */
function losesMany({ mean, interval }: Mean): boolean | null {
  const [low, high] = interval ?? [mean ?? 0, mean ?? 0]
  if (low >= LEAST) return true
  return high < LEAST ? false : null
}

function sharesByDepth(witnesses: readonly Witness[], objective: string): { depth: number; share: Mean }[] {
  const shares = new Map<number, number[]>()
  for (const witness of witnesses) {
    const share = witness.spec.objective === objective ? lostShare(witness) : null
    if (share === null) continue
    const found = shares.get(depthOf(witness))
    if (found === undefined) shares.set(depthOf(witness), [share])
    else found.push(share)
  }
  return [...shares].sort(([a], [b]) => a - b).map(([depth, values]) => ({ depth, share: meanOf(values) }))
}

/** Over the features that have a fixed point; null where there is none. */
function lostShare({ run }: Witness): number | null {
  const features = run.amplitudes?.final.length ?? 0
  const answers = Array.from({ length: features }, (_, i) => answerOf(`collapses:${i}`, [run])).filter(
    (each) => each !== null,
  )
  return answers.length === 0 ? null : answers.filter(Boolean).length / answers.length
}

function percent({ mean, interval }: Mean): string {
  const spread = interval === null ? '' : ` (${interval.map((end) => figure(100 * end)).join(' to ')})`
  return `${figure(100 * (mean ?? 0))} %${spread}`
}
