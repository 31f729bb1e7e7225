/** The few SVG elements that figures are made of. Coordinates are user units with a tenth's precision. */
export type Attributes = Readonly<Record<string, string | number>>

const FONT = "'DejaVu Sans', Verdana, Geneva, sans-serif"

/** <name a="…">…</name>; `content` is markup already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value)}"`)
    .join('')
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`
}

/** A line of text with its baseline at (x, y). */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content))
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string {
  return element('line', { x1, y1, x2, y2, ...attributes })
}

/** An open line through points. */
export function path(points: readonly (readonly [number, number])[], attributes: Attributes): string {
  const d = points.map(([x, y], k) => `${k === 0 ? 'M' : 'L'}${coordinate(x)} ${coordinate(y)}`).join('')
  return element('path', { d, fill: 'none', ...attributes })
}

/** A whole SVG document on white. */
export function svgDocument(width: number, height: number, title: string, content: string): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`,
    role: 'img',
    'font-family': FONT,
  }
  const background = element('rect', { width, height, fill: '#ffffff' })
  return element('svg', attributes, `${element('title', {}, escapeText(title))}${background}${content}`)
}

/** About how wide a text is set in DejaVu Sans, in user units: an upper estimate for digits and letters. */
export function textWidth(content: string, size: number, bold = false): number {
  return content.length * size * (bold ? 0.67 : 0.56)
}

/** What no XML document may hold, escaped or not: control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

function escapeText(value: string): string {
  return value
    .replaceAll(FORBIDDEN, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no coordinate.`)
  return String(Math.round(value * 10) / 10)
}
