import { FAINT, INK } from '../../colours.ts'
import { drawKey, type KeyEntry, keyRows } from '../../key.ts'
import { element, svgDocument, text, textWidth } from '../../svg.ts'
import type { LegendEntry } from './plot.ts'
import { commonSettings, missingRuns, sweepProvenance, sweepTitle, verdictLines } from './sweep-caption.ts'
import type { SweepDrawing } from './sweep-drawing.ts'

/** A page with a sweep's panels: title and subject above, key, caption and provenance below. */
export interface Page {
  readonly subject: string
  readonly columns: number
  readonly panel: { readonly width: number; readonly height: number }
  /** SVG of each panel, given where it lies. */
  readonly panels: readonly ((place: { x: number; y: number }) => string)[]
  readonly legend: readonly LegendEntry[]
  readonly key: readonly KeyEntry[]
  readonly notes: readonly string[]
}

const MARGIN = 24
const LEAST_WIDTH = 880
const ROW = 26 // of keys and legends
const LINE = 20 // of the caption

const VERDICT = { true: '#1a7f37', false: '#b42318', null: FAINT } as const

export function drawPage(drawing: SweepDrawing, page: Page): string {
  const columns = Math.max(1, Math.min(page.columns, page.panels.length))
  const width = Math.max(LEAST_WIDTH, columns * page.panel.width + 2 * MARGIN)
  const inside = width - 2 * MARGIN
  const indent = MARGIN + (inside - columns * page.panel.width) / 2
  const parts: string[] = []
  let y = 16
  const write = (lines: readonly string[], size: number, style: Record<string, string | number>) => {
    for (const each of lines) {
      y += size * 1.4
      parts.push(text(MARGIN, y, each, { 'font-size': size, ...style }))
    }
  }
  const title = sweepTitle(drawing)
  write(wrapped(title, 24, inside, true), 24, { 'font-weight': 'bold', fill: INK })
  const settings = commonSettings(drawing.spec)
  write(wrapped([page.subject, settings].filter((part) => part !== '').join(' — '), 15, inside), 15, {
    fill: INK,
  })
  for (const row of keyRows(page.legend.map(swatch), inside)) {
    y += ROW
    parts.push(drawKey(MARGIN, y, row))
  }
  y += 10
  for (const [k, draw] of page.panels.entries()) {
    const place = {
      x: indent + (k % columns) * page.panel.width,
      y: y + Math.floor(k / columns) * page.panel.height,
    }
    parts.push(draw(place))
  }
  y += Math.ceil(page.panels.length / columns) * page.panel.height
  for (const row of keyRows(page.key, inside)) {
    y += ROW
    parts.push(drawKey(MARGIN, y, row))
  }
  y += 8
  const verdict = verdictLines(drawing)
  if (verdict !== null) {
    const style = { fill: VERDICT[`${verdict.holds}`], 'font-weight': 'bold' }
    write(wrapped(verdict.statement, 14, inside, true), 14, style)
    write(wrapped(verdict.because, 14, inside), 14, { fill: INK })
  }
  const missing = missingRuns(drawing.runs)
  const notes = [...page.notes, ...(missing === null ? [] : [missing])].join(' ')
  write(wrapped(notes, 13, inside), 13, { fill: INK })
  write(wrapped(sweepProvenance(drawing), 12, inside), 12, { fill: FAINT })
  return svgDocument(width, y + LINE, `${title}: ${page.subject}`, parts.join(''))
}

/** A colour of the legend as an entry of a key. */
function swatch({ name, colour }: LegendEntry): KeyEntry {
  return [
    name,
    (at, middle) =>
      element('rect', { x: at + 10, y: middle - 7, width: 20, height: 14, fill: colour, rx: 3 }),
  ]
}

/** Words on lines that are no wider than given; none for an empty text. */
export function wrapped(content: string, size: number, width: number, bold = false): string[] {
  const lines: string[] = []
  const longest = Math.max(1, Math.floor(width / textWidth('m', size, bold)))
  const pieces = content.match(new RegExp(`\\S{1,${longest}}`, 'gu')) ?? []
  for (const word of pieces) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && textWidth(longer, size, bold) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
