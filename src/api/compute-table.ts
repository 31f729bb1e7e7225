import { trajectoryCsv } from '../artifacts/csv.ts'
import { trajectoryNpz } from '../artifacts/npz.ts'
import { trajectoryParquet } from '../artifacts/parquet.ts'
import { readManifest, readMeasurements } from '../artifacts/run-folder.ts'
import { inspectData } from '../data/inspect.ts'
import { openProblem } from '../data/open-problem.ts'
import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { PredictionRequest } from '../experiment/prediction.ts'
import { type ResolvedSpec, resolveSpec } from '../experiment/resolve.ts'
import type { ResultView, SpectrumView, TrajectoryView } from '../experiment/result-view.ts'
import type { ExperimentSpec } from '../experiment/spec.ts'
import { drawComparison } from '../report/comparison.ts'
import { drawFigure } from '../report/figure.ts'
import { renderPng } from '../report/png.ts'
import { buildReport } from '../report/report.ts'
import { vegaLiteComparison, vegaLiteSpec } from '../report/vega.ts'
import { predict } from '../theory/predict.ts'

interface ReportInput {
  readonly artifacts: string
  readonly id: string
  readonly attempt: number
  readonly spec: ResolvedSpec
}

interface RunInput {
  readonly id: string
  readonly spec: ExperimentSpec
  readonly result: ResultView
  readonly trajectory: TrajectoryView
}

interface FigureInput {
  /** One run, or several to stand side by side. */
  readonly runs: readonly RunInput[]
  readonly title: string | undefined
  readonly columns: number | undefined
  readonly format: 'svg' | 'png' | 'vl.json'
}

interface TableInput {
  readonly trajectory: TrajectoryView
  readonly format: 'csv' | 'npz' | 'parquet'
}

const TABLES = { csv: trajectoryCsv, npz: trajectoryNpz, parquet: trajectoryParquet }

/** What the compute thread can be asked for. Inputs and outputs are plain values: they are cloned across. */
export const COMPUTE = {
  predict: (request: PredictionRequest) => predict(request),

  /** Joins a finished run with theory. @returns the JSON of its result and of its trajectory */
  async report({
    artifacts,
    id,
    attempt,
    spec,
  }: ReportInput): Promise<{ result: string; trajectory: string }> {
    const manifest = await readManifest(artifacts, id, attempt)
    if (manifest === null) throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name: 'manifest.json' })
    const measurements = await readMeasurements(artifacts, id, attempt)
    const { spectrum, moments } = await openProblem(spec.data)
    const { result, trajectory } = buildReport({ id, spec, spectrum, moments, manifest, measurements })
    return { result: JSON.stringify(result), trajectory: JSON.stringify(trajectory) }
  },

  async spectrum(data: DataSpec): Promise<SpectrumView> {
    const { faults } = await inspectData(data)
    if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
    const { spectrum } = await openProblem(data)
    const { directions: _, sigma2, lambda, rho, sigmaY2, generalizedRho, commutator, asymmetry } = spectrum
    const lists = { sigma2: [...sigma2], lambda: [...lambda], rho: [...rho], sigmaY2: [...sigmaY2] }
    const sorted = generalizedRho ? { generalizedRho: [...generalizedRho] } : {}
    return { ...lists, ...sorted, commutator, asymmetry }
  },

  table: ({ trajectory, format }: TableInput): string | Uint8Array => TABLES[format](trajectory),

  figure({ runs, title = 'Measured against predicted', columns, format }: FigureInput): string | Uint8Array {
    const drawings = runs.map(({ spec, ...run }) => ({
      ...run,
      spec: resolveSpec(spec, run.result.features.length),
      ...(spec.name === undefined ? {} : { title: spec.name }),
    }))
    const [first, ...others] = drawings
    if (first === undefined) throw new RangeError('A figure needs a run.')
    const alone = others.length === 0
    if (format === 'vl.json') {
      return JSON.stringify(alone ? vegaLiteSpec(first) : vegaLiteComparison(title, drawings, columns))
    }
    const svg = alone ? drawFigure(first) : drawComparison(title, drawings, columns)
    return format === 'svg' ? svg : renderPng(svg)
  },
}
export type ComputeTable = typeof COMPUTE
