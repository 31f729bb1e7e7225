import { FAINT, GRID, INK } from '../colours.ts'
import type { Window } from '../curves.ts'
import type { Box } from '../panel.ts'
import { linearScale, logScale } from '../scales.ts'
import { line, path, text } from '../svg.ts'
import { formatTick } from '../ticks.ts'

/** A number over a run's time, drawn below the panel of its features and on the same axis of time. */
export interface Strip {
  readonly title: string
  readonly points: readonly (readonly [time: number, value: number])[]
  readonly kind: 'linear' | 'log'
}

const LEFT = 66 // as in panel.ts
const RIGHT = 30
const AXIS = 13

export function drawStrip({ title, points, kind }: Strip, window: Window, box: Box): string {
  const [left, right] = [box.x + LEFT, box.x + box.width - RIGHT]
  const [top, bottom] = [box.y + 24, box.y + box.height - 12]
  const within = points.filter(([t]) => t <= window.to && t >= window.from)
  const [from, to] = rangeOf(
    within.map(([, value]) => value),
    kind,
  )
  const time = (window.kind === 'log' ? logScale : linearScale)(window.from, window.to, left, right)
  const height = (kind === 'log' ? logScale : linearScale)(from, to, bottom, top)
  const ticks = height.ticks(3).map((value) => {
    const y = height.place(value)
    const label = { 'font-size': AXIS, fill: FAINT, 'text-anchor': 'end' }
    return (
      line(left, y, right, y, { stroke: GRID, 'stroke-width': 1 }) +
      text(left - 9, y + 5, formatTick(value), label)
    )
  })
  const drawn = within.map(([t, value]) => [time.place(t), height.place(value)] as const)
  return [
    ...ticks,
    line(left, bottom, right, bottom, { stroke: FAINT, 'stroke-width': 1 }),
    path(drawn, { stroke: '#3b528b', 'stroke-width': 2.4, 'stroke-linejoin': 'round' }),
    text(left, box.y + 15, title, { 'font-size': AXIS, fill: INK, 'font-weight': 'bold' }),
  ].join('')
}

/** What the axis holds: some room where the series does not move. */
function rangeOf(values: readonly number[], kind: 'linear' | 'log'): [number, number] {
  if (values.length === 0) return kind === 'log' ? [0.1, 1] : [0, 1]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (kind === 'log') return most / least < 1.5 ? [least / 1.5, most * 1.5] : [least / 1.1, most * 1.1]
  const room = most === least ? Math.max(1, Math.abs(most)) / 2 : 0.08 * (most - least)
  return [least >= 0 && least < 0.5 * most ? 0 : least - room, most + room]
}
