import { pointsOf, specAt } from '../experiment/axes.ts'
import { ExperimentError, type FieldFault } from '../experiment/failure.ts'
import { canonicalJson } from '../experiment/identity.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { Point } from '../experiment/sweep-view.ts'
import type { AdmittedPoint } from '../ledger/sweeps.ts'
import { admit, type Limits, vet } from './admission.ts'
import { newRunOf } from './new-run.ts'
import type { SpectrumOf } from './spectra.ts'

/**
 * Holds some points of a grid or a random search to what a run must be. For the bulk thread: a point takes some 0.1 ms.
 *
 * @throws SPEC_INVALID for the first that is no valid spec, which one and why
 */
export async function checkPoints(
  spec: SweepSpec,
  from: number,
  count: number,
  limits: Limits,
): Promise<void> {
  const points = pointsOf(spec)
  for (let k = from; k < Math.min(from + count, points.count); k++) {
    const point = points.at(k)
    try {
      await vet(specAt(spec.base, point), limits)
    } catch (error) {
      throw named(error, k, point)
    }
  }
}

/**
 * Makes points ready for the ledger: their specs, ids, warnings and what they take. For the bulk thread.
 *
 * @param from the position of the first of them
 */
export async function admitPoints(
  spec: SweepSpec,
  points: readonly Point[],
  from: number,
  limits: Limits,
  spectrumOf: SpectrumOf,
): Promise<AdmittedPoint[]> {
  const admitted: AdmittedPoint[] = []
  for (const [k, point] of points.entries()) {
    try {
      const run = newRunOf(await admit(unlabelled(specAt(spec.base, point)), limits, spectrumOf), true)
      admitted.push({ position: from + k, point, run })
    } catch (error) {
      throw named(error, from + k, point)
    }
  }
  return admitted
}

/** The base's own labels are no labels of each run. */
function unlabelled(spec: unknown): unknown {
  const { name: _, tags: __, ...rest } = spec as Record<string, unknown>
  return rest
}

/** What is wrong with a point, under its name. */
function named(error: unknown, index: number, point: Point): unknown {
  if (!(error instanceof ExperimentError)) return error
  const facts = error.facts as { readonly faults?: readonly FieldFault[] }
  const faults = facts.faults ?? [{ pointer: '', message: error.message }]
  const where = Object.entries(point)
    .map(([path, value]) => `${path} = ${shortened(canonicalJson(value))}`)
    .join(', ')
  return new ExperimentError('SPEC_INVALID', {
    faults: faults.map(({ pointer, message }) => ({
      pointer: pointerIn(point, pointer),
      message: `Point ${index} of the sweep (${where}) is no valid spec: ${message}`,
    })),
  })
}

/** Into the sweep's body: the axis that the fault lies on, or the place in the base. */
function pointerIn(point: Point, pointer: string): string {
  const path = Object.keys(point).find((each) => `${pointer}/`.startsWith(`/${each.replaceAll('.', '/')}/`))
  return path === undefined ? `/base${pointer}` : `/axes/${path}`
}

const LONGEST = 80
const shortened = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
