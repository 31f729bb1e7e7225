import { INK } from './colours.ts'
import type { Traced } from './curves.ts'
import { element, line, text, textWidth } from './svg.ts'

const SIZE = 14
const MID = '#3b528b'

/** A sign and what it means; it is drawn over 30 units from `at` on, around `middle`. */
export type KeyEntry = readonly [label: string, sign: (at: number, middle: number) => string]

/** The signs of a run's figure. */
export const RUN_KEY: readonly KeyEntry[] = [
  [
    'measured',
    (at, middle) =>
      line(at, middle, at + 30, middle, { stroke: MID, 'stroke-width': 5.5, 'stroke-opacity': 0.5 }),
  ],
  [
    'theory',
    (at, middle) =>
      line(at, middle, at + 30, middle, { stroke: INK, 'stroke-width': 1.6, 'stroke-dasharray': '7 5' }),
  ],
  [
    'critical time measured',
    (at, middle) => element('circle', { cx: at + 22, cy: middle, r: 5.5, fill: MID }),
  ],
  [
    'predicted',
    (at, middle) => line(at + 24, middle - 9, at + 24, middle + 9, { stroke: INK, 'stroke-width': 2.2 }),
  ],
]

/** The signs of figures of nets: of their features and their accuracies, where they have such. */
export function netKey(drawn: readonly Pick<Traced, 'result' | 'trajectory'>[]): KeyEntry[] {
  const hasFeatures = drawn.some(({ result }) => result.features.length > 0)
  const hasAccuracy = drawn.some(
    ({ trajectory: { probes = {} } }) => 'classes' in probes || 'neighbours' in probes,
  )
  return [...(hasFeatures ? NET_FEATURES : []), ...(hasAccuracy ? [ACCURACY] : [])]
}

const NET_FEATURES: readonly KeyEntry[] = [
  [
    'R² of a feature, dark for high ρ',
    (at, middle) => line(at, middle, at + 30, middle, { stroke: MID, 'stroke-width': 2.8 }),
  ],
  [
    'critical time: R² first at p',
    (at, middle) => element('circle', { cx: at + 22, cy: middle, r: 5.5, fill: MID }),
  ],
]

const ACCURACY: KeyEntry = [
  'accuracy of a classifier of the representation, on held-out images',
  (at, middle) => line(at, middle, at + 30, middle, { stroke: INK, 'stroke-width': 2 }),
]

/** Signs explained in one row from (x, y) on, y its baseline. */
export function drawKey(x: number, y: number, entries: readonly KeyEntry[] = RUN_KEY): string {
  const middle = y - SIZE * 0.36
  let at = x
  const parts: string[] = []
  for (const [label, sign] of entries) {
    parts.push(sign(at, middle), text(at + 37, y, label, { 'font-size': SIZE, fill: INK }))
    at += widthOf(label)
  }
  return parts.join('')
}

/** Entries in rows that are no wider than given. */
export function keyRows(entries: readonly KeyEntry[], width: number): KeyEntry[][] {
  const rows: KeyEntry[][] = [[]]
  let used = 0
  for (const entry of entries) {
    const needed = widthOf(entry[0])
    if (used > 0 && used + needed > width) {
      rows.push([])
      used = 0
    }
    rows.at(-1)!.push(entry)
    used += needed
  }
  return rows
}

function widthOf(label: string): number {
  return 37 + textWidth(label, SIZE) + 22
}
