import { finding, headline, howTrained, provenance } from '../caption.ts'
import { FAINT, INK } from '../colours.ts'
import { type CurvePoint, type Drawing, wholeRun } from '../curves.ts'
import { drawKey, netKey } from '../key.ts'
import { drawPanel } from '../panel.ts'
import { svgDocument, text, textWidth } from '../svg.ts'
import { drawStrip, type Strip } from './strip.ts'

const WIDTH = 1200
const PANEL = 560
const STRIP = 130
const HEAD = 84
const FOOT = 62

/** R² of each feature of a net over the run, and its loss and rank below, as an SVG document. */
export function drawNetFigure(drawing: Drawing): string {
  const { id, spec, result, trajectory } = drawing
  const title = headline(spec)
  const window = wholeRun(spec, trajectory.time)
  const strips = stripsOf(drawing)
  const told = `${finding(result)} — ${howTrained(spec, result)}`
  const height = HEAD + PANEL + STRIP * strips.length + FOOT
  const content = [
    text(24, 44, title, { 'font-size': 28, 'font-weight': 'bold', fill: INK }),
    text(24, 72, told, { 'font-size': Math.min(17, (17 * (WIDTH - 48)) / textWidth(told, 17)), fill: INK }),
    drawPanel(drawing, { x: 18, y: HEAD, width: WIDTH - 30, height: PANEL }, 'frame'),
    ...strips.map((strip, k) =>
      drawStrip(strip, window, { x: 18, y: HEAD + PANEL + k * STRIP, width: WIDTH - 30, height: STRIP }),
    ),
    drawKey(24, height - 36, netKey([drawing])),
    text(24, height - 12, provenance(id, result), { 'font-size': 13, fill: FAINT }),
  ]
  return svgDocument(
    WIDTH,
    height,
    `${title}: what its representation tells of each feature`,
    content.join(''),
  )
}

/** Loss and, where it was measured, rank. */
export function stripsOf({ trajectory: { time, loss, probes = {} } }: Pick<Drawing, 'trajectory'>): Strip[] {
  const points = (values: readonly (number | null)[]): CurvePoint[] =>
    values.flatMap((value, k) => (value === null ? [] : [[time[k]!, value] as const]))
  const losses = points(loss)
  const rank = probes.rank?.values[0]
  const isPositive = losses.length > 0 && losses.every(([, value]) => value > 0)
  return [
    { title: `loss${isPositive ? ', log axis' : ''}`, points: losses, kind: isPositive ? 'log' : 'linear' },
    ...(rank === undefined
      ? []
      : [{ title: 'effective rank (RankMe)', points: points(rank), kind: 'linear' as const }]),
  ]
}
