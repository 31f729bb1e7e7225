import { isLinear } from '../experiment/resolve.ts'
import { finding, headline, howTrained, provenance, reservation } from './caption.ts'
import { FAINT, INK } from './colours.ts'
import type { Drawing } from './curves.ts'
import { drawKey } from './key.ts'
import { drawNetFigure } from './nets/net-figure.ts'
import { drawPanel } from './panel.ts'
import { svgDocument, text } from './svg.ts'

const WIDTH = 1200
const HEIGHT = 740

/** Measured against predicted amplitudes of one run with the critical times marked, as an SVG document. */
export function drawFigure(drawing: Drawing): string {
  if (!isLinear(drawing.spec)) return drawNetFigure(drawing)
  const { id, spec, result } = drawing
  const title = headline(spec)
  const note = reservation(result)
  const small = { 'font-size': 13, fill: FAINT }
  const content = [
    text(24, 44, title, { 'font-size': 28, 'font-weight': 'bold', fill: INK }),
    text(24, 72, `${finding(result)} — ${howTrained(spec, result)}`, { 'font-size': 17, fill: INK }),
    drawPanel(drawing, { x: 18, y: 84, width: WIDTH - 30, height: HEIGHT - 84 - 58 }, 'frame'),
    drawKey(24, HEIGHT - 40),
    text(24, HEIGHT - 12, provenance(id, result), small),
    note === null
      ? ''
      : text(WIDTH - 24, HEIGHT - 12, `theory is approximate here: ${note}`, {
          ...small,
          'text-anchor': 'end',
        }),
  ]
  return svgDocument(WIDTH, HEIGHT, `${title}: measured against predicted amplitudes`, content.join(''))
}
