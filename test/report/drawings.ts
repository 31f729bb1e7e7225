import assert from 'node:assert/strict'
import { renderPng } from '../../src/report/png.ts'

/** The elements of a document, each with its attributes; throws where tags do not match. */
export function elementsOf(
  svg: string,
): { name: string; attributes: Record<string, string>; content: string }[] {
  const open: string[] = []
  const found = []
  const tag = /<(\/?)([a-zA-Z]+)((?:\s[\w-]+="[^"<>]*")*)\s*(\/?)>([^<]*)/gy
  let end = 0
  for (let match = tag.exec(svg); match !== null; match = tag.exec(svg)) {
    end = tag.lastIndex
    const [, closes, name = '', list = '', alone, content = ''] = match
    if (closes) assert.equal(open.pop(), name)
    else if (!alone) open.push(name)
    assert.ok(!/&(?!(amp|lt|gt|quot);)/.test(list + content), `${list}${content}`)
    const attributes = Object.fromEntries(
      [...list.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, k, v]) => [k!, v!]),
    )
    if (!closes) found.push({ name, attributes, content })
  }
  assert.equal(end, svg.length, `no markup at ${svg.slice(end, end + 40)}`)
  assert.deepEqual(open, [])
  return found
}

const NUMERIC = /^(x|y|x1|y1|x2|y2|cx|cy|r|width|height)$/

/** Well-formed, every coordinate a number, and resvg draws it. */
export function checkDrawing(svg: string): void {
  for (const { attributes } of elementsOf(svg)) {
    for (const [key, value] of Object.entries(attributes)) {
      if (NUMERIC.test(key)) assert.ok(Number.isFinite(Number(value)), `${key}="${value}"`)
      if (key === 'd') assert.match(value, /^(M-?[\d.]+ -?[\d.]+)(L-?[\d.]+ -?[\d.]+)*$/)
    }
  }
  renderPng(svg, 0.1)
}
