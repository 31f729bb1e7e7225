import { INK } from './colours.ts'
import { element, line, text, textWidth } from './svg.ts'

const SIZE = 14
const MID = '#3b528b'

/** The signs of a figure explained in one row from (x, y) on, y its baseline. */
export function drawKey(x: number, y: number): string {
  const middle = y - SIZE * 0.36
  const entries: [string, (at: number) => string][] = [
    [
      'measured',
      (at) => line(at, middle, at + 30, middle, { stroke: MID, 'stroke-width': 5.5, 'stroke-opacity': 0.5 }),
    ],
    [
      'theory',
      (at) =>
        line(at, middle, at + 30, middle, { stroke: INK, 'stroke-width': 1.6, 'stroke-dasharray': '7 5' }),
    ],
    ['critical time measured', (at) => element('circle', { cx: at + 22, cy: middle, r: 5.5, fill: MID })],
    [
      'predicted',
      (at) => line(at + 24, middle - 9, at + 24, middle + 9, { stroke: INK, 'stroke-width': 2.2 }),
    ],
  ]
  let at = x
  const parts: string[] = []
  for (const [label, sign] of entries) {
    parts.push(sign(at), text(at + 37, y, label, { 'font-size': SIZE, fill: INK }))
    at += 37 + textWidth(label, SIZE) + 22
  }
  return parts.join('')
}
