import { kindOf } from '../../../data/kinds.ts'
import { specAt } from '../../../experiment/axes.ts'
import type { DataSpec } from '../../../experiment/data-spec.ts'
import { canonicalJson } from '../../../experiment/identity.ts'
import type { Spectrum } from '../../../experiment/measurement.ts'
import { resolveSpec } from '../../../experiment/resolve.ts'
import type { ExperimentSpec } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Point } from '../../../experiment/sweep-view.ts'
import { coloursByRank } from '../../colours.ts'
import { formatShort } from '../../ticks.ts'
import { spectrumFromTheory } from './spectrum-from-theory.ts'
import type { FinishedSweepRun } from './sweep-drawing.ts'

/** A feature as a figure of a sweep tells it apart. */
export interface FeatureSign {
  readonly index: number
  readonly name: string // ρ 0.4, λ 1.12
  readonly colour: string
}

export interface Features {
  /** Those drawn: at most eight, the first to be learned. */
  readonly signs: readonly FeatureSign[]
  readonly count: number // d
  /** Who says which the first are: 'theory expects', or 'were learned' where there is no theory. */
  readonly by: 'theory expects' | 'were learned'
}

/** feature 0 (ρ 0.4, λ 1.12): for a sentence. */
export function featureInText(index: number, signs: readonly FeatureSign[]): string {
  const told = signs.find((sign) => sign.index === index)?.name.replace(/^feature \d+:? ?/, '') ?? ''
  return told === '' ? `feature ${index}` : `feature ${index} (${told})`
}

const NAMED = 8
const LOOKED_AT = 24 // runs whose spectrum is asked for names
const AT_ONCE = 64 // rows of a matrix that is decomposed for a drawing

export function featuresOf(spec: SweepSpec, runs: readonly FinishedSweepRun[]): Features {
  const first = runs[0]
  if (first === undefined) return { signs: [], count: 0, by: 'theory expects' }
  const stride = Math.ceil(runs.length / LOOKED_AT)
  const spectra = runs
    .filter((_, k) => k % stride === 0)
    .map((run) => toldAt(spec.base, run.point) ?? toldBy(spec.base, run))
    .filter((each) => each !== null)
  const count = first.criticalTimes.measured.length
  const { measured, predicted } = first.order // of nets there is no prediction
  const drawn = [...(predicted.length > 0 ? predicted : measured)].slice(0, NAMED).sort((a, b) => a - b)
  const colours = coloursOf(drawn, spectra[0])
  return {
    count,
    by: predicted.length > 0 ? 'theory expects' : 'were learned',
    signs: drawn.map((index, k) => ({ index, name: nameOf(index, spectra), colour: colours[k]! })),
  }
}

type Told = Pick<Spectrum, 'lambda' | 'rho'> & { readonly names?: readonly string[] }

/** λ and ρ of the features at a point: of the latents where the run is of a net and its data are made of them, else of the moments. */
export function toldAt(base: SweepSpec['base'], point: Point): Told | null {
  const { model, data } = specAt(base, point) as ExperimentSpec
  if (model.kind === 'deep-linear' || data.kind !== 'nonlinear') return spectrumOf(data)
  const kind = kindOf(data)
  return kind.faults(data).length > 0 ? null : (kind.open(data).latents ?? null)
}

/** λ and ρ by what theory said of a run; null for starts whose amplitude is not in the spec. */
function toldBy(base: SweepSpec['base'], run: FinishedSweepRun): Told | null {
  const asked = specAt(base, run.point) as ExperimentSpec
  if (asked.model.kind !== 'deep-linear') return null
  if (asked.init.kind !== 'balanced' && asked.init.kind !== 'orthogonal') return null
  return spectrumFromTheory(resolveSpec(asked, run.criticalTimes.measured.length), run, [])
}

/** By ρ, where all ρ are one by λ, and by their index where the data do not tell. */
function coloursOf(drawn: readonly number[], spectrum: Told | undefined): string[] {
  if (spectrum === undefined) return coloursByRank(drawn.map((index) => -index))
  const rhos = drawn.map((i) => spectrum.rho[i] ?? 0)
  return coloursByRank(new Set(rhos).size > 1 ? rhos : drawn.map((i) => spectrum.lambda[i] ?? 0))
}

function nameOf(index: number, spectra: readonly Told[]): string {
  const told = (symbol: string, values: readonly (number | undefined)[]) => {
    const [first] = values
    if (!first) return [] // 0 tells nothing
    const isOne = values.every(
      (value) => value !== undefined && Math.abs(value - first) <= 1e-9 * Math.abs(first),
    )
    return isOne ? [`${symbol} ${formatShort(first)}`] : []
  }
  const parts = [
    ...told(
      'ρ',
      spectra.map(({ rho }) => rho[index]),
    ),
    ...told(
      'λ',
      spectra.map(({ lambda }) => lambda[index]),
    ),
  ]
  const name = spectra[0]?.names?.[index]
  if (name !== undefined) return [name, ...parts].join(', ')
  return parts.length === 2 ? parts.join(', ') : [`feature ${index}`, ...parts].join(': ')
}

/** λ and ρ of the data at a point; null for images and for matrices too large to be taken apart here. */
export function spectrumAt(base: SweepSpec['base'], point: Point): Spectrum | null {
  return spectrumOf((specAt(base, point) as ExperimentSpec).data)
}

export function spectrumOf(data: DataSpec): Spectrum | null {
  if (data.kind === 'images') return null
  const rows = Object.values(data).map((value) =>
    Array.isArray(value) && Array.isArray(value[0]) ? value.length : 0,
  )
  return Math.max(...rows) > AT_ONCE ? null : openSpectrum(data)
}

const latest = new Map<string, Spectrum | null>()
const KEPT = 64

function openSpectrum(data: Exclude<DataSpec, { kind: 'images' }>): Spectrum | null {
  const key = canonicalJson(data)
  const known = latest.get(key)
  if (known !== undefined) return known
  const kind = kindOf(data)
  const spectrum = kind.faults(data).length > 0 ? null : kind.open(data).spectrum
  for (const oldest of latest.keys()) if (latest.size >= KEPT) latest.delete(oldest)
  latest.set(key, spectrum)
  return spectrum
}
