import { trajectoryCsv } from '../artifacts/csv.ts'
import { trajectoryNpz } from '../artifacts/npz.ts'
import { trajectoryParquet } from '../artifacts/parquet.ts'
import { listArtifacts, type RunPlace, readPlacedArtifact } from '../artifacts/place.ts'
import { listedFile } from '../artifacts/run-folder.ts'
import { inspectData } from '../data/inspect.ts'
import { openProblem } from '../data/open-problem.ts'
import type { KnownLatents } from '../data/problem.ts'
import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { PredictionRequest } from '../experiment/prediction.ts'
import { resolveSpec } from '../experiment/resolve.ts'
import type { ResultView, SpectrumView } from '../experiment/result-view.ts'
import type { ExperimentSpec } from '../experiment/spec.ts'
import { checkpoint } from '../ledger/checkpoint.ts'
import { drawComparison } from '../report/comparison.ts'
import { drawFigure } from '../report/figure.ts'
import { renderPng } from '../report/png.ts'
import { type AwaitedRun, reportRuns, trajectoryOf } from '../report/stored-runs.ts'
import { vegaLiteComparison, vegaLiteSpec } from '../report/vega.ts'
import { predict } from '../theory/predict.ts'
import { sweepCompute } from './sweep-compute.ts'
import { drawSweep } from './sweep-drawing.ts'
import { thinTrajectory } from './thin-trajectory.ts'

interface ReportsInput {
  readonly artifacts: string
  readonly cohort: string
  readonly runs: readonly AwaitedRun[]
}

/** Where a finished run lies, below the artifact folder. */
interface PlaceInput {
  readonly artifacts: string
  readonly place: RunPlace
}

interface RunInput {
  readonly spec: ExperimentSpec
  readonly result: ResultView
  readonly place: RunPlace
}

interface FigureInput {
  readonly artifacts: string
  /** One run, or several to stand side by side. */
  readonly runs: readonly RunInput[]
  readonly title: string | undefined
  readonly columns: number | undefined
  readonly format: 'svg' | 'png' | 'vl.json'
}

interface TableInput extends PlaceInput {
  /** Of so many points at most. */
  readonly points: number | undefined
  readonly format: keyof typeof TABLES
}

interface SpectrumInput {
  readonly data: DataSpec
  /** The folder whose registered image sets the data may name. */
  readonly artifacts: string
}

const TABLES = { json: JSON.stringify, csv: trajectoryCsv, npz: trajectoryNpz, parquet: trajectoryParquet }

/** What the compute thread can be asked for. Inputs and outputs are plain values: they are cloned across. */
export const COMPUTE = {
  predict: (request: PredictionRequest) => predict(request),

  reports: ({ artifacts, cohort, runs }: ReportsInput) => reportRuns(artifacts, cohort, runs),

  trajectory: ({ artifacts, place }: PlaceInput) => trajectoryOf(artifacts, place),

  /** The trajectory in a format of its own. */
  async table({ artifacts, place, points, format }: TableInput): Promise<string | Uint8Array> {
    const whole = await trajectoryOf(artifacts, place)
    return TABLES[format](points === undefined ? whole : thinTrajectory(whole, points))
  },

  /** The public files of a run. */
  files: ({ artifacts, place }: PlaceInput) => listArtifacts(artifacts, place),

  /** One of them, as manifests list it, with its bytes. */
  async file({ artifacts, place, name }: PlaceInput & { name: string }) {
    const bytes = await readPlacedArtifact(artifacts, place, name)
    return { ...listedFile(name, bytes), content: bytes as Uint8Array }
  },

  spectrum: ({ data, artifacts }: SpectrumInput) => openSpectrum(data, artifacts),

  async figure(input: FigureInput): Promise<string | Uint8Array> {
    const { artifacts, runs, title = 'Measured against predicted', columns, format } = input
    const drawings = []
    for (const { spec, result, place } of runs) {
      drawings.push({
        id: place.id,
        spec: resolveSpec(spec, result.features.length),
        result,
        trajectory: await trajectoryOf(artifacts, place),
        ...(spec.name === undefined ? {} : { title: spec.name }),
      })
    }
    const [first, ...others] = drawings
    if (first === undefined) throw new RangeError('A figure needs a run.')
    const alone = others.length === 0
    if (format === 'vl.json') {
      return JSON.stringify(alone ? vegaLiteSpec(first) : vegaLiteComparison(title, drawings, columns))
    }
    const svg = alone ? drawFigure(first) : drawComparison(title, drawings, columns)
    return format === 'svg' ? svg : renderPng(svg)
  },

  sweepFigure: drawSweep,

  ...sweepCompute(openSpectrum),

  checkpoint: (ledger: string): void => checkpoint(ledger),
}
export type ComputeTable = typeof COMPUTE

/** @param artifacts the folder whose registered image sets the data may name */
async function openSpectrum(data: DataSpec, artifacts: string | undefined): Promise<SpectrumView> {
  const { faults } = await inspectData(data, artifacts)
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  const { spectrum, latents } = await openProblem(data, artifacts)
  const { directions: _, sigma2, lambda, rho, sigmaY2, generalizedRho, commutator, asymmetry } = spectrum
  const lists = { sigma2: [...sigma2], lambda: [...lambda], rho: [...rho], sigmaY2: [...sigmaY2] }
  const sorted = generalizedRho ? { generalizedRho: [...generalizedRho] } : {}
  return { ...lists, ...sorted, commutator, asymmetry, ...(latents ? latentsView(latents) : {}) }
}

function latentsView({ names, lambda, rho, loudness, estimate }: KnownLatents) {
  const falling = (values: readonly number[]) =>
    values.map((_, i) => i).sort((i, j) => values[j]! - values[i]! || i - j)
  return {
    ...(estimate === null ? {} : { estimate: { ...estimate } }),
    latents: {
      names: [...names],
      lambda: [...lambda],
      rho: [...rho],
      loudness: [...loudness],
      order: { lambda: falling(lambda), rho: falling(rho) },
    },
  }
}
