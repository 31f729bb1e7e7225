import { isLinear } from '../../../experiment/resolve.ts'
import { FAINT, INK } from '../../colours.ts'
import { netKey, RUN_KEY } from '../../key.ts'
import { drawPanel } from '../../panel.ts'
import { text, textWidth } from '../../svg.ts'
import { type SmallPanel, smallPanels } from './amplitudes.ts'
import { plotCriticalTimes } from './critical-times.ts'
import { drawPlotPanel } from './draw-panel.ts'
import { kindsFor } from './kinds.ts'
import { plotOrder } from './order.ts'
import { drawPage } from './page.ts'
import { plotPhase } from './phase.ts'
import type { Plot } from './plot.ts'
import { SIGN_KEY } from './signs.ts'
import type { SweepDrawing, SweepFigureKind } from './sweep-drawing.ts'
import { plotTwins } from './twins.ts'

/**
 * A sweep as an SVG document: measured and predicted in one picture, the verdict, how many runs are in it, and the hash of the spec.
 */
export function drawSweepFigure(drawing: SweepDrawing): string {
  const kind = drawing.kind ?? kindsFor(drawing.spec, drawing.analysis)[0]!
  if (kind === 'amplitudes') return drawAmplitudes(drawing)
  const plot = PLOTS[kind](drawing)
  return drawPage(drawing, {
    ...plot,
    panel: panelSize(plot),
    panels: plot.panels.map(
      (panel, k) =>
        ({ x, y }) =>
          drawPlotPanel(panel, { x, y, ...panelSize(plot) }, `panel-${k}`),
    ),
    key: plot.signs.map((sign) => SIGN_KEY[sign]),
  })
}

/** The kinds that are made of plots. */
export const PLOTS: Readonly<
  Record<Exclude<SweepFigureKind, 'amplitudes'>, (drawing: SweepDrawing) => Plot>
> = {
  order: plotOrder,
  'critical-times': plotCriticalTimes,
  phase: plotPhase,
  twins: plotTwins,
}

/** The more stand side by side, the smaller they are. */
function panelSize({ columns, panels }: Plot): { width: number; height: number } {
  if (Math.min(columns, panels.length) === 1) return { width: 860, height: 560 }
  return columns === 2 ? { width: 640, height: 440 } : { width: 520, height: 400 }
}

const faint = { 'font-size': 11, fill: FAINT, 'text-anchor': 'end' }

/** What fits beside the first letters of the run's id. */
function titleSize(title: string): number {
  return Math.min(17, (17 * (SMALL.width - 140)) / textWidth(title, 17, true))
}

const SMALL = { width: 560, height: 440 }

function drawAmplitudes(drawing: SweepDrawing): string {
  const { panels, columns, notes } = smallPanels(drawing)
  const isOfNets = panels.length > 0 && panels.every(({ spec }) => !isLinear(spec))
  return drawPage(drawing, {
    subject: isOfNets
      ? netSubject(panels)
      : 'Amplitude of each feature, as a share of its fixed point, over time',
    columns,
    panel: SMALL,
    panels: panels.map((panel, k) => ({ x, y }) => {
      const box = { x, y: y + 30, width: SMALL.width - 12, height: SMALL.height - 40 }
      return [
        text(x + 14, y + 26, panel.title, {
          'font-size': titleSize(panel.title),
          'font-weight': 'bold',
          fill: INK,
        }),
        text(x + SMALL.width - 42, y + 26, `${panel.id.slice(0, 9)}…`, faint),
        drawPanel(panel, box, `panel-${k}`),
      ].join('')
    }),
    legend: [],
    key: isOfNets ? netKey(panels) : RUN_KEY,
    notes: panels.length === 0 ? ['No trajectory of a finished run is here to draw.'] : notes,
  })
}

function netSubject(panels: readonly SmallPanel[]): string {
  const hasFeatures = panels.some(({ result }) => result.features.length > 0)
  return hasFeatures
    ? 'R² of each feature on held-out samples over time'
    : 'How well classes are told from the representation over time'
}
