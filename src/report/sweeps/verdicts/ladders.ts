import { depthOf as modelDepth } from '../../../experiment/model-spec.ts'
import { runsByPoint } from '../points.ts'
import type { Witness } from './evidence.ts'

/** Runs that differ along one path alone, by rising value there: at least two of them. */
export function laddersAlong(
  witnesses: readonly Witness[],
  path: string,
  heightOf: (witness: Witness) => number,
): Witness[][] {
  return [...runsByPoint(witnesses, [path]).values()]
    .filter((rungs) => rungs.length > 1)
    .map((rungs) => [...rungs].sort((a, b) => heightOf(a) - heightOf(b)))
}

/** Whether numbers strictly rise; null where one is missing. */
export function isRising(values: readonly (number | null)[]): boolean | null {
  if (values.includes(null)) return null
  return values.every((value, k) => k === 0 || value! > values[k - 1]!)
}

export const depthOf = ({ spec }: Witness) => modelDepth(spec.model)
