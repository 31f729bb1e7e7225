import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../experiment/identity.ts'
import { depthOf } from '../../../experiment/model-spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { SweepRun } from '../../../experiment/sweep-view.ts'
import { formatShort } from '../../ticks.ts'
import { axisTitle } from './axis-words.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'

/** What a figure says of a sweep in words. */

/** The sweep's name, or what it varies. */
export function sweepTitle({ spec, analysis }: SweepDrawing): string {
  if (spec.name !== undefined) return spec.name
  if (analysis.verdict !== undefined) return analysis.verdict.statement
  return `Sweep over ${Object.keys(spec.axes).map(axisTitle).join(', ')}`
}

/** What all runs have in common: depth 3, ε = 0.001, gradient flow. */
export function commonSettings({ base, axes, question }: SweepSpec): string {
  const varies = (path: string) =>
    Object.keys(axes).some((axis) => axis === path || path.startsWith(`${axis}.`))
  const { objective, model, init, training, data } = base
  const settings = [
    varies('objective') || question === 'orders-differ' ? [] : [objective.toUpperCase()],
    varies('model') || varies('model.depth') ? [] : [modelOf(model)],
    varies('init.kind') || init.kind === 'balanced' ? [] : [`${init.kind} start`],
    varies('init.scale') || init.kind === 'explicit' ? [] : [`ε = ${formatShort(init.scale)}`],
    varies('training.mode') ? [] : [modeInWords(training, varies)],
    data.kind === 'gaussian' ? [] : [`data ${data.kind === 'nonlinear' ? data.family : data.kind}`],
  ]
  return settings.flat().join(', ')
}

function modelOf(model: SweepSpec['base']['model']): string {
  if (model.kind === 'deep-linear') return `depth ${model.depth}`
  return `${model.kind === 'mlp' ? 'MLP' : 'convolutions'}, depth ${depthOf(model)}, ${model.activation}`
}

function modeInWords(training: SweepSpec['base']['training'], varies: (path: string) => boolean): string {
  if (training.mode === 'flow') return 'gradient flow'
  const rate = varies('training.learningRate') ? '' : ` η = ${formatShort(training.learningRate)}`
  if (training.mode === 'gradient-descent') return `gradient descent${rate}`
  const batch = varies('training.batchSize') ? '' : `, batch ${training.batchSize}`
  return `stochastic descent${rate}${batch}`
}

/** ✓ The claim, and why; null where the sweep decides nothing. */
export function verdictLines({ analysis: { verdict } }: SweepDrawing): VerdictLines | null {
  if (verdict === undefined) return null
  const { holds, statement, because } = verdict
  const sign = holds === null ? 'Undecided:' : holds ? '✓' : '✗'
  return { holds, statement: `${sign} ${statement}`, because }
}

interface VerdictLines {
  readonly holds: boolean | null
  readonly statement: string
  readonly because: string
}

/** 3 of 20 runs are not drawn: 2 failed, 1 queued. Null where all have a result. */
export function missingRuns(runs: readonly SweepRun[]): string | null {
  const missing = runs.filter((run) => !hasResult(run))
  if (missing.length === 0) return null
  const states = new Map<string, number>()
  for (const { state } of missing) states.set(state, (states.get(state) ?? 0) + 1)
  const told = [...states].sort(([, a], [, b]) => b - a).map(([state, count]) => `${count} ${state}`)
  const are = missing.length === 1 ? 'has' : 'have'
  return `${missing.length} of ${runs.length} runs ${are} no result and ${missing.length === 1 ? 'is' : 'are'} not drawn: ${told.join(', ')}.`
}

/** sweep s…, 200 runs, spec 0123456789ab */
export function sweepProvenance({ id, spec, runs }: Pick<SweepDrawing, 'id' | 'spec' | 'runs'>): string {
  return `sweep ${id}, ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, spec ${specHash(spec)}`
}

/** The first 12 hex digits of the SHA-256 of the spec's canonical JSON. */
export function specHash(spec: SweepSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 12)
}
