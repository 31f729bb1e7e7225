import { FAINT, INK } from '../../colours.ts'
import type { Scale } from '../../scales.ts'
import { element, line, path } from '../../svg.ts'
import type { Layer, Place, PlotCell, Seen, SeenLayer, Stretch } from './plot.ts'

/** Layers of a plot as SVG: what was measured is wide or full, what theory says thin, dashed or a bar. */

/** Where the two axes of a panel lie on the page. */
export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly x: Scale
  readonly y: Scale
}

const OVERLAP = 0.7 // of a cell
const FAR = 1e4 // units off the page beyond which nothing is placed
const BAR = { large: 11, small: 6 } // half the length of theory's mark

/** Whether a layer may reach over the edge of its panel. */
export function isAbove({ kind }: Layer): boolean {
  return kind === 'unlearned'
}

export function drawLayer(layer: Layer, frame: Frame): string {
  switch (layer.kind) {
    case 'cells':
      return layer.cells.map((cell) => drawCell(cell, frame)).join('')
    case 'area':
      return drawArea(layer.points, layer.colour, frame)
    case 'answers':
      return layer.points
        .map(({ at, colour, foretold }) => drawAnswer(onPage(at, frame), colour, foretold?.colour))
        .join('')
    case 'level':
      return line(frame.left, frame.y.place(layer.y), frame.right, frame.y.place(layer.y), {
        stroke: FAINT,
        'stroke-width': 1.2,
      })
    case 'seen-line':
      return layer.points.length < 2
        ? ''
        : path(
            layer.points.map((at) => onPage(at, frame)),
            seenLine(layer.colour),
          )
    case 'theory-line':
      return drawTheory(layer.points, layer.colour, frame)
    case 'theory-marks':
      return layer.points.map((at) => theoryMark(...onPage(at, frame), layer.small)).join('')
    case 'contour':
      return contourLine(layer.points.map((at) => onPage(at, frame)))
    case 'seen':
      return layer.points.map((seen) => drawSeen(seen, layer, frame)).join('')
    case 'unlearned':
      return layer.points
        .map((at) => unlearnedMark(frame.x.place(at) + (layer.shift ?? 0), frame.top, layer.colour))
        .join('')
  }
}

/** The style of a measured line, and of theory's. */
export function seenLine(colour: string) {
  return {
    stroke: colour,
    'stroke-width': 5.5,
    'stroke-opacity': 0.4,
    'stroke-linejoin': 'round',
    'stroke-linecap': 'round',
  } as const
}

export function theoryLine(colour: string) {
  return { stroke: colour, 'stroke-width': 1.6, 'stroke-dasharray': '7 5' } as const
}

export function theoryMark(x: number, y: number, small = false): string {
  const half = small ? BAR.small : BAR.large
  return line(x - half, y, x + half, y, { stroke: INK, 'stroke-width': small ? 1.6 : 2.2 })
}

/** Theory over colours: dashed on a pale line, to be seen on dark and on bright ones. */
export function contourLine(points: readonly (readonly [number, number])[]): string {
  return (
    path(points, { stroke: '#ffffff', 'stroke-width': 4, 'stroke-opacity': 0.9 }) +
    path(points, theoryLine(INK))
  )
}

export function seenMark(x: number, y: number, colour: string, r = 5.5): string {
  return element('circle', {
    cx: x,
    cy: y,
    r,
    fill: colour,
    stroke: '#ffffff',
    'stroke-width': r > 4 ? 1.5 : 0.8,
  })
}

export function unlearnedMark(x: number, y: number, colour: string): string {
  return element('circle', { cx: x, cy: y, r: 4.5, fill: '#ffffff', stroke: colour, 'stroke-width': 2 })
}

export function intervalMark(x: number, from: number, to: number, colour: string): string {
  const style = { stroke: colour, 'stroke-width': 1.8 }
  const caps = [from, to].map((y) => line(x - 4, y, x + 4, y, style))
  return [line(x, from, x, to, style), ...caps].join('')
}

function onPage([x, y]: Place, frame: Frame): [number, number] {
  return [kept(frame.x.place(x)), kept(frame.y.place(y))]
}

/** What lies far off the page is cut there: the clip hides it, and coordinates stay numbers. */
function kept(at: number): number {
  return Math.min(FAR, Math.max(-FAR, at))
}

function drawCell({ x, y, colour, foretold }: PlotCell, frame: Frame): string {
  const [a, b] = x.map((at) => kept(frame.x.place(at))) as [number, number]
  const [c, d] = y.map((at) => kept(frame.y.place(at))) as [number, number]
  const [left, top, width, height] = [Math.min(a, b), Math.min(c, d), Math.abs(b - a), Math.abs(d - c)]
  // Neighbours share an edge, which would show as a line between them: each reaches a little under the next.
  const whole = { x: left, y: top, width: width + OVERLAP, height: height + OVERLAP, fill: colour }
  if (foretold === undefined) return element('rect', whole)
  const side = Math.min(width, height) * 0.42
  const inner = { x: left + (width - side) / 2, y: top + (height - side) / 2, width: side, height: side }
  return element('rect', whole) + element('rect', { ...inner, fill: foretold.colour })
}

function drawArea(stretches: readonly Stretch[], colour: string, frame: Frame): string {
  const outline = [
    ...stretches.map(({ x, to }) => onPage([x, to], frame)),
    ...stretches.toReversed().map(({ x, from }) => onPage([x, from], frame)),
  ]
  return outline.length < 4 ? '' : path(outline, { fill: colour, 'fill-opacity': 0.16 })
}

/** A run's answer; theory's inside it. */
export function drawAnswer([x, y]: readonly [number, number], colour: string, inner?: string): string {
  const outer = { cx: x, cy: y, r: inner === undefined ? 3.6 : 6.5, fill: colour }
  const dot = element('circle', { ...outer, stroke: '#ffffff', 'stroke-width': 0.8 })
  if (inner === undefined) return dot
  return (
    dot + element('circle', { cx: x, cy: y, r: 2.8, fill: inner, stroke: '#ffffff', 'stroke-width': 0.7 })
  )
}

function drawTheory(points: readonly Place[], colour: string, frame: Frame): string {
  const placed = points.map((at) => onPage(at, frame))
  return placed.length < 2
    ? placed.map(([x, y]) => theoryMark(x, y)).join('')
    : path(placed, theoryLine(colour))
}

function drawSeen({ at, interval }: Seen, { colour, small, shift }: SeenLayer, frame: Frame): string {
  const [place, y] = onPage(at, frame)
  const x = place + (shift ?? 0)
  const [from, to] = (interval ?? []).map((end) => kept(frame.y.place(end)))
  const whisker = from === undefined || to === undefined ? '' : intervalMark(x, from, to, colour)
  return whisker + seenMark(x, y, colour, small ? 3.5 : 5.5)
}
