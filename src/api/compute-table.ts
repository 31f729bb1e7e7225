import { trajectoryCsv } from '../artifacts/csv.ts'
import { trajectoryNpz } from '../artifacts/npz.ts'
import { trajectoryParquet } from '../artifacts/parquet.ts'
import { openProblem } from '../data/open-problem.ts'
import type { DataSpec } from '../experiment/data-spec.ts'
import type { PredictionRequest } from '../experiment/prediction.ts'
import { resolveSpec } from '../experiment/resolve.ts'
import type { ResultView, SpectrumView, TrajectoryView } from '../experiment/result-view.ts'
import type { ExperimentSpec } from '../experiment/spec.ts'
import { drawFigure } from '../report/figure.ts'
import { renderPng } from '../report/png.ts'
import { vegaLiteSpec } from '../report/vega.ts'
import { predict } from '../theory/predict.ts'

interface FigureInput {
  readonly id: string
  readonly spec: ExperimentSpec
  readonly result: ResultView
  readonly trajectory: TrajectoryView
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

  async spectrum(data: DataSpec): Promise<SpectrumView> {
    const { spectrum } = await openProblem(data)
    const { directions: _, sigma2, lambda, rho, sigmaY2, generalizedRho, commutator, asymmetry } = spectrum
    const lists = { sigma2: [...sigma2], lambda: [...lambda], rho: [...rho], sigmaY2: [...sigmaY2] }
    const sorted = generalizedRho ? { generalizedRho: [...generalizedRho] } : {}
    return { ...lists, ...sorted, commutator, asymmetry }
  },

  table: ({ trajectory, format }: TableInput): string | Uint8Array => TABLES[format](trajectory),

  figure({ id, spec, result, trajectory, format }: FigureInput): string | Uint8Array {
    const drawing = { id, spec: resolveSpec(spec, result.features.length), result, trajectory }
    if (format === 'vl.json') return JSON.stringify(vegaLiteSpec(drawing))
    const svg = drawFigure(drawing)
    return format === 'svg' ? svg : renderPng(svg)
  },
}
export type ComputeTable = typeof COMPUTE
