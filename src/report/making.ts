import type { Manifest } from '../experiment/measurement.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { finiteOrNull } from './forecast.ts'

type Making =
  | 'steps'
  | 'wallSeconds'
  | 'stepsPerSecond'
  | 'device'
  | 'engine'
  | 'precision'
  | 'versions'
  | 'fingerprint'

/** What made the numbers of a run, and how long it took, whatever was trained. */
export function makingOf(manifest: Omit<Manifest, 'files'>): Pick<ResultView, Making> {
  const { steps, wallSeconds, device, engine, precision, versions, fingerprint } = manifest
  const stepsPerSecond = finiteOrNull(steps / wallSeconds)
  return { steps, wallSeconds, stepsPerSecond, device, engine, precision, versions, fingerprint }
}
