import { type Collapse, firstCollapse } from '../../../../src/experiment/collapse.ts'
import type { Measurements } from '../../../../src/experiment/measurement.ts'
import { lossLost } from '../../../probes/recorder.ts'
import type { Look } from './net-look.ts'

/** The rows of a run's measurements. */
export class Chronicle {
  readonly measurements: Measurements
  /** The first collapse of the representation in them. */
  collapse: Collapse | null = null
  readonly #probes: Record<string, { values: number[][] }>

  /** @param before rows that were taken down before a restart, to which more are added */
  constructor(probes: readonly string[], before: Measurements | null = null) {
    this.#probes = Object.fromEntries(probes.map((name) => [name, before?.probes?.[name] ?? { values: [] }]))
    const rows = before ?? { time: [], step: [], loss: [], amplitudes: [], passages: [] }
    this.measurements = { ...rows, probes: this.#probes }
    if (before !== null) this.collapse = firstCollapse(this.measurements)
  }

  /** Adds a row, unless the loss has left the finite numbers: then why the run has diverged. */
  note(at: { readonly step: number; readonly time: number }, { loss, probes }: Look): string | null {
    if (!Number.isFinite(loss)) return lossLost(loss, at)
    const { time, step, loss: losses, amplitudes, passages } = this.measurements
    time.push(at.time)
    step.push(at.step)
    losses.push(loss)
    for (const [name, values] of Object.entries(probes)) append(this.#probes[name]!.values, values)
    append(amplitudes, probes.latents ?? [])
    while (passages.length < amplitudes.length) passages.push({ time: [], amplitude: [] })
    this.collapse = firstCollapse(this.measurements)
    return null
  }
}

function append(series: number[][], values: readonly number[]): void {
  for (const [i, value] of values.entries()) {
    series[i] ??= []
    series[i].push(value)
  }
}
