import { curveLayers, VEGA_LITE } from '../../vega.ts'
import { smallPanels } from './amplitudes.ts'
import { PLOTS } from './figure.ts'
import { kindsFor } from './kinds.ts'
import type { Plot } from './plot.ts'
import {
  commonSettings,
  missingRuns,
  specHash,
  sweepProvenance,
  sweepTitle,
  verdictLines,
} from './sweep-caption.ts'
import type { SweepDrawing } from './sweep-drawing.ts'
import { vegaViews } from './vega-views.ts'

/**
 * The figure of a sweep as a Vega-Lite specification (versions 5 and 6) with its data inline, what the SVG shows and no more. Rows
 * of `source` measured and theory lie in one view.
 */
export function sweepVega(drawing: SweepDrawing): object {
  const kind = drawing.kind ?? kindsFor(drawing.spec, drawing.analysis)[0]!
  if (kind === 'amplitudes') {
    const { panels, columns, notes } = smallPanels(drawing)
    const views = panels.map((panel) => ({
      title: panel.title,
      width: 420,
      height: 260,
      ...curveLayers(panel),
    }))
    const resolve = { scale: { color: 'independent' } }
    return { ...headOf(drawing, 'Amplitude / fixed point over time', notes), columns, concat: views, resolve }
  }
  const plot: Plot = PLOTS[kind](drawing)
  const views = vegaViews(plot)
  return { ...headOf(drawing, plot.subject, plot.notes), columns: plot.columns, concat: views }
}

function headOf(drawing: SweepDrawing, subject: string, notes: readonly string[]): object {
  const { id, spec, analysis } = drawing
  const verdict = verdictLines(drawing)
  const missing = missingRuns(drawing.runs)
  const subtitle = [
    [subject, commonSettings(spec)].filter((part) => part !== '').join(' — '),
    ...(verdict === null ? [] : [verdict.statement, verdict.because]),
    ...notes,
    ...(missing === null ? [] : [missing]),
    sweepProvenance(drawing),
  ]
  const kept = analysis.verdict === undefined ? {} : { verdict: analysis.verdict }
  return {
    ...VEGA_LITE,
    title: { text: sweepTitle(drawing), subtitle, anchor: 'start' },
    usermeta: { id, spec, specHash: specHash(spec), runs: drawing.runs.length, ...kept },
  }
}
