import { FAINT, GRID, INK } from '../../colours.ts'
import type { Box } from '../../panel.ts'
import { linearScale, logScale, type Scale } from '../../scales.ts'
import { element, line, text, textWidth } from '../../svg.ts'
import { formatTick, superscript } from '../../ticks.ts'
import { drawLayer, type Frame, isAbove } from './draw-layer.ts'
import type { PlotAxis, PlotPanel } from './plot.ts'

/** A panel of a plot as SVG, in the measures of the figures of runs. */

const AXIS = 14
const LEFT = 92
const RIGHT = 22
const ABOVE = 40
const BARE = 14 // above a panel without a title
const BELOW = 66
const LABELS = 60 // room for those of the upright axis, beside its title
const GAP = 10 // between two labels of an axis

export function drawPlotPanel({ title, x, y, layers }: PlotPanel, box: Box, clipId: string): string {
  const [left, right] = [box.x + LEFT, box.x + box.width - RIGHT]
  const [top, bottom] = [box.y + (title === '' ? BARE : ABOVE), box.y + box.height - BELOW]
  const frame = { left, right, top, bottom, x: scaleOf(x, left, right), y: scaleOf(y, bottom, top) }
  const area = { x: left - 1, y: top - 1, width: right - left + 2, height: bottom - top + 2 }
  const drawn = (above: boolean) =>
    layers.filter((layer) => isAbove(layer) === above).map((layer) => drawLayer(layer, frame))
  return [
    element('clipPath', { id: clipId }, element('rect', area)),
    text(left, box.y + 24, title, { 'font-size': 17, 'font-weight': 'bold', fill: INK }),
    drawUpright(y, frame),
    element('g', { 'clip-path': `url(#${clipId})` }, drawn(false).join('')),
    drawLevel(x, frame),
    ...drawn(true),
  ].join('')
}

function scaleOf({ kind, from, to }: PlotAxis, start: number, end: number): Scale {
  return (kind === 'log' ? logScale : linearScale)(from, to, start, end)
}

type Tick = NonNullable<PlotAxis['ticks']>[number]

function ticksOf({ ticks, kind, from, to }: PlotAxis, scale: Scale, count: number): readonly Tick[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)]
  if (ticks !== undefined) return ticks.filter(({ at }) => at >= low && at <= high)
  return scale.ticks(count).map((at) => ({ at, label: labelOf(at, kind) }))
}

/** On a log axis powers of ten beyond 1000 are written as such: they keep the axis narrow. */
function labelOf(at: number, kind: PlotAxis['kind']): string {
  const power = Math.log10(at)
  const isPower = kind === 'log' && power > 3.5 && Math.abs(power - Math.round(power)) < 1e-9
  return isPower ? `10${superscript(Math.round(power))}` : formatTick(at).replace('-', '−')
}

function drawUpright(axis: PlotAxis, { left, right, top, bottom, y }: Frame): string {
  const ticks = ticksOf(axis, y, Math.max(3, Math.round((bottom - top) / 48)))
  const widest = ticks.reduce((most, { label }) => Math.max(most, textWidth(label, AXIS)), 0)
  const size = AXIS * Math.max(0.6, Math.min(1, LABELS / widest))
  const label = { 'font-size': size, fill: FAINT, 'text-anchor': 'end' }
  const rows = ticks.map(({ at, label: name }) => {
    const height = y.place(at)
    const rule = line(left, height, right, height, { stroke: GRID, 'stroke-width': 1 })
    return rule + text(left - 9, height + size * 0.36, name, label)
  })
  const name = text(0, 0, axis.title, {
    'font-size': AXIS,
    fill: INK,
    'text-anchor': 'middle',
    transform: `translate(${Math.round(left - 74)} ${Math.round((top + bottom) / 2)}) rotate(-90)`,
  })
  return rows.join('') + name
}

/** The lower axis; labels that do not fit side by side stand on two rows, and fewer of them where that is not enough. */
function drawLevel(axis: PlotAxis, { left, right, bottom, x }: Frame): string {
  const all = ticksOf(axis, x, Math.max(3, Math.round((right - left) / 80)))
  const [ticks, rows] = fitted(all, x)
  const marks = ticks.map(({ at, label }, k) => {
    const place = x.place(at)
    const lower = rows === 2 && k % 2 === 1 ? 16 : 0
    return (
      line(place, bottom, place, bottom + 6 + lower, { stroke: FAINT, 'stroke-width': 1 }) +
      text(place, bottom + 20 + lower, label, { 'font-size': AXIS, fill: FAINT, 'text-anchor': 'middle' })
    )
  })
  const title = text((left + right) / 2, bottom + (rows === 2 ? 58 : 46), axis.title, {
    'font-size': AXIS,
    fill: INK,
    'text-anchor': 'middle',
  })
  return [line(left, bottom, right, bottom, { stroke: FAINT, 'stroke-width': 1 }), ...marks, title].join('')
}

function fitted(all: readonly Tick[], x: Scale): [ticks: readonly Tick[], rows: 1 | 2] {
  for (let stride = 1; stride <= all.length; stride++) {
    const ticks = all.filter((_, k) => k % stride === 0)
    if (fits(ticks, x, 1)) return [ticks, 1]
    if (fits(ticks, x, 2)) return [ticks, 2]
  }
  return [all.slice(0, 1), 1]
}

function fits(ticks: readonly Tick[], x: Scale, rows: number): boolean {
  return ticks.every(({ at, label }, k) => {
    const next = ticks[k + rows]
    if (next === undefined) return true
    const needed = (textWidth(label, AXIS) + textWidth(next.label, AXIS)) / 2 + GAP
    return Math.abs(x.place(next.at) - x.place(at)) >= needed
  })
}
