import { ExperimentError } from '../experiment/failure.ts'
import type { Measurements } from '../experiment/measurement.ts'

/** Measurements as JSON; numbers keep every bit, those that are not finite become null. */
export function formatMeasurements(measurements: Measurements): string {
  const { time, step, loss, amplitudes, passages, probes } = measurements
  return `${JSON.stringify({ time, step, loss, amplitudes, passages, probes })}\n`
}

/** Reads what `formatMeasurements` wrote; null becomes NaN. @throws ARTIFACT_DAMAGED */
export function parseMeasurements(text: string): Measurements {
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name: 'measurements.json', why })
  let raw: Measurements
  try {
    raw = JSON.parse(text, (_, value) => (value === null ? Number.NaN : value))
  } catch {
    throw damaged('it is not JSON')
  }
  const { time, step, loss, amplitudes, passages, probes } = raw
  const probed = Object.values(probes ?? {}).flatMap(({ values }) => values ?? [null])
  const series = [time, step, loss, ...(amplitudes ?? []), ...probed]
  if (!series.every((values) => Array.isArray(values) && values.length === time.length)) {
    throw damaged('its series differ in length')
  }
  if (!Array.isArray(passages) || passages.length !== amplitudes.length) {
    throw damaged('it lacks the passages of some features')
  }
  return { time, step, loss, amplitudes, passages, ...(probes !== undefined && { probes }) }
}
