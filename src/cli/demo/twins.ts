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
  const rows = all.flatMap(({ label, jepa, mae }) => {
    const listed = listedFeatures({ jepa, mae })
    return listed.map((index, row) => {
      const { lambda, rho } = jepa.features[index]!
      const cells = [jepa, mae].flatMap((result) => measured(result, index, listed))
      return [row === 0 ? label : '', index, lambda, rho, ...cells]
    })
  })
  return formatTable(header, rows)
}

/** Features that grew and were learned by either objective, by falling λ, as many as the table has room for. */
export function listedFeatures({ jepa, mae }: Pick<Twins, Objective>): number[] {
  const learned = jepa.features
    .map(({ index }) => index)
    .filter((index) => grew(jepa, index) || grew(mae, index))
  const byLambda = learned.sort((a, b) => jepa.features[b]!.lambda - jepa.features[a]!.lambda)
  return byLambda.slice(0, MOST_FEATURES)
}

/** The listed features in the order in which they were learned; those that were not are left out. */
export function listedOrder(result: ResultView, listed: readonly number[]): number[] {
  return result.order.measured.filter((index) => listed.includes(index) && grew(result, index))
}

/** Whether a feature reached its critical time after the start; one that starts beyond it was never learned. */
function grew(result: ResultView, index: number): boolean {
  return (result.features[index]!.criticalTime.measured ?? 0) > 0
}

function measured(result: ResultView, index: number, listed: readonly number[]): (number | null)[] {
  const { criticalTime } = result.features[index]!
  const place = listedOrder(result, listed).indexOf(index) + 1
  return [criticalTime.predicted, criticalTime.measured, place === 0 ? null : place]
}
