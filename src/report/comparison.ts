import { isLinear } from '../experiment/resolve.ts'
import { finding, headline, provenance, reservation } from './caption.ts'
import { FAINT, INK } from './colours.ts'
import type { Drawing } from './curves.ts'
import { drawKey, type KeyEntry, netKey, RUN_KEY } from './key.ts'
import { drawPanel } from './panel.ts'
import { svgDocument, text } from './svg.ts'

/** A run in a comparison; its own title where the headline would say too much. */
export interface Panel extends Drawing {
  readonly title?: string
}

/** Signs of theory where any run has one. */
function keyOf(panels: readonly Panel[]): readonly KeyEntry[] {
  return panels.some(({ spec }) => isLinear(spec)) ? RUN_KEY : netKey(panels)
}

const PANEL_WIDTH = 640
const PANEL_HEIGHT = 500
const HEAD = 64

/**
 * Several runs side by side, each with its own time axis: JEPA beside MAE, depth beside depth.
 *
 * @param columns panels in a row; as many as there are, up to four, where it is left out
 */
export function drawComparison(
  title: string,
  panels: readonly Panel[],
  columns = Math.min(4, panels.length),
): string {
  const rows = Math.ceil(panels.length / columns)
  const [width, height] = [columns * PANEL_WIDTH, HEAD + rows * PANEL_HEIGHT + 40]
  const cells = panels.map((panel, k) => {
    const [x, y] = [(k % columns) * PANEL_WIDTH, HEAD + Math.floor(k / columns) * PANEL_HEIGHT]
    const box = { x: x + 10, y: y + 58, width: PANEL_WIDTH - 16, height: PANEL_HEIGHT - 92 }
    const note = reservation(panel.result)
    return [
      text(x + 24, y + 22, panel.title ?? headline(panel.spec), {
        'font-size': 20,
        'font-weight': 'bold',
        fill: INK,
      }),
      text(x + 24, y + 44, finding(panel.result), { 'font-size': 15, fill: INK }),
      note === null
        ? ''
        : text(x + PANEL_WIDTH - 24, y + 44, note, { 'font-size': 13, fill: FAINT, 'text-anchor': 'end' }),
      drawPanel(panel, box, `frame-${k}`),
      text(x + 24, y + PANEL_HEIGHT - 18, provenance(panel.id, panel.result), {
        'font-size': 11,
        fill: FAINT,
      }),
    ].join('')
  })
  const content = [
    text(24, 42, title, { 'font-size': 26, 'font-weight': 'bold', fill: INK }),
    ...cells,
    drawKey(24, height - 14, keyOf(panels)),
  ]
  return svgDocument(width, height, title, content.join(''))
}
