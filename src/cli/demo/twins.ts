import type { ResultView } from '../../experiment/result-view.ts'
import type { Objective } from '../../experiment/spec.ts'
import { formatTable } from '../table.ts'

/** JEPA and MAE trained on the same data from the same start. */
export interface Twins {
  readonly label: string
  readonly jepa: ResultView
  readonly mae: ResultView
}

const MOST_FEATURES = 8

/**
 * One row per feature and setting: λ, ρ, predicted and measured critical time (flow time) and the place in
 * the measured order, for both objectives. Of many features the first that either objective learns.
 */
export function twinsTable(all: readonly Twins[]): string {
  const header = ['setting', 'feature', 'λ', 'ρ']
  for (const name of ['JEPA', 'MAE']) header.push(`${name} predicted`, 'measured', 'place')
  const rows = all.flatMap(({ label, jepa, mae }) =>
    listedFeatures({ jepa, mae }).map((index, row) => {
      const { lambda, rho } = jepa.features[index]!
      const setting = row === 0 ? label : ''
      return [setting, index, lambda, rho, ...measured(jepa, index), ...measured(mae, index)]
    }),
  )
  return formatTable(header, rows)
}

/** Features in the order of falling λ that the table has room for. */
export function listedFeatures({ jepa, mae }: Pick<Twins, Objective>): number[] {
  const learned = jepa.features
    .map(({ index }) => index)
    .filter((index) => isLearned(jepa, index) || isLearned(mae, index))
  const byLambda = learned.sort((a, b) => jepa.features[b]!.lambda - jepa.features[a]!.lambda)
  return byLambda.slice(0, MOST_FEATURES)
}

function isLearned(result: ResultView, index: number): boolean {
  return result.features[index]!.criticalTime.measured !== null
}

function measured(result: ResultView, index: number): (number | null)[] {
  const { criticalTime } = result.features[index]!
  const place = criticalTime.measured === null ? null : result.order.measured.indexOf(index) + 1
  return [criticalTime.predicted, criticalTime.measured, place]
}
