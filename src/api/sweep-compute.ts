import type { Limits } from '../dispatch/admission.ts'
import { rememberSpectra, type SpectrumOf } from '../dispatch/spectra.ts'
import { admitPoints, checkPoints } from '../dispatch/sweep-points.ts'
import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { Point, SweepAnalysis } from '../experiment/sweep-view.ts'
import { readSweepRuns } from '../ledger/sweep-reader.ts'
import type { AdmittedPoint } from '../ledger/sweeps.ts'
import { analyseSweep } from '../report/sweeps/analysis.ts'
import { cornersAgree, nextPoints } from '../report/sweeps/boundary.ts'

interface Slice {
  readonly spec: SweepSpec
  readonly from: number
  readonly count: number
  readonly limits: Limits
}

interface PointsInput {
  readonly spec: SweepSpec
  readonly points: readonly Point[]
  readonly from: number
  readonly limits: Limits
}

interface RunsInput {
  readonly ledger: string // its path
  readonly id: string
  readonly spec: SweepSpec
}

/** What a compute thread does for sweeps (src/dispatch/sweep-course.ts). */
export function sweepCompute(
  openSpectrum: (data: DataSpec, artifacts: string | undefined) => Promise<SpectrumView>,
) {
  const known = new Map<string | undefined, SpectrumOf>()
  const spectraIn = ({ artifacts }: Limits) => {
    const spectrumOf = known.get(artifacts) ?? rememberSpectra((data) => openSpectrum(data, artifacts))
    known.set(artifacts, spectrumOf)
    return spectrumOf
  }
  return {
    async sweepCheck({ spec, from, count, limits }: Slice): Promise<void> {
      if (spec.search !== 'boundary') return checkPoints(spec, from, count, limits)
      if (from > 0) return
      await admitPoints(spec, nextPoints(spec, []), 0, limits, spectraIn(limits))
      const faults = cornersAgree(spec)
      if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
    },

    sweepAdmit: ({ spec, points, from, limits }: PointsInput): Promise<AdmittedPoint[]> =>
      admitPoints(spec, points, from, limits, spectraIn(limits)),

    sweepNext: ({ ledger, id, spec }: RunsInput): Point[] => nextPoints(spec, readSweepRuns(ledger, id)),

    sweepAnalyse: ({ ledger, id, spec }: RunsInput): SweepAnalysis =>
      analyseSweep(spec, readSweepRuns(ledger, id)),
  }
}
