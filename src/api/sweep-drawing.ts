import { ExperimentError } from '../experiment/failure.ts'
import type { TrajectoryView } from '../experiment/result-view.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { SweepAnalysis } from '../experiment/sweep-view.ts'
import { readRunPlaces } from '../ledger/run-places.ts'
import { readSweepRuns } from '../ledger/sweep-reader.ts'
import { renderPng } from '../report/png.ts'
import { trajectoryOf } from '../report/stored-runs.ts'
import { drawSweepFigure } from '../report/sweeps/figures/figure.ts'
import { kindsFor, runsToDraw } from '../report/sweeps/figures/kinds.ts'
import { sweepCsv } from '../report/sweeps/figures/sweep-csv.ts'
import type { SweepFigureKind } from '../report/sweeps/figures/sweep-drawing.ts'
import { sweepVega } from '../report/sweeps/figures/sweep-vega.ts'

/** A sweep to draw. The runs are not among it: the thread reads them itself, so that the event loop need not hand them over. */
interface SweepFigureInput {
  /** The file of the ledger. */
  readonly ledger: string
  readonly artifacts: string
  readonly id: string
  readonly spec: SweepSpec
  /** The JSON text of the SweepAnalysis. */
  readonly analysis: string
  readonly kind: SweepFigureKind | undefined
  readonly format: 'svg' | 'png' | 'vl.json' | 'csv'
}

/** Draws a sweep that has ended, in the thread. @throws SCHEMA_MISMATCH where it has no figure of the kind */
export async function drawSweep(input: SweepFigureInput): Promise<string | Uint8Array> {
  const { ledger, artifacts, id, spec, format } = input
  const runs = readSweepRuns(ledger, id)
  if (format === 'csv') return new TextEncoder().encode(sweepCsv({ spec, runs }))
  const analysis = JSON.parse(input.analysis) as SweepAnalysis
  const kind = chosenKind(kindsFor(spec, analysis), input.kind)
  const trajectories = new Map<string, TrajectoryView>()
  for (const place of readRunPlaces(ledger, runsToDraw(spec, runs, kind))) {
    trajectories.set(place.id, await trajectoryOf(artifacts, place))
  }
  const drawing = { id, spec, runs, analysis, kind, trajectories }
  if (format === 'vl.json') return JSON.stringify(sweepVega(drawing))
  const svg = drawSweepFigure(drawing)
  return format === 'svg' ? svg : renderPng(svg)
}

function chosenKind(kinds: readonly SweepFigureKind[], asked: SweepFigureKind | undefined): SweepFigureKind {
  const [first] = kinds
  if (first !== undefined && asked === undefined) return first
  if (asked !== undefined && kinds.includes(asked)) return asked
  const message = `This sweep has no figure of kind ${asked}; it has ${kinds.join(', ') || 'none'}.`
  throw new ExperimentError('SCHEMA_MISMATCH', { faults: [{ pointer: '/kind', message }] })
}
