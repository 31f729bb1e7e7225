type Cell = string | number | null | undefined

/**
 * A table as text: a header, a rule, one line per row. Columns of numbers stand to the right with four
 * significant digits; null is a dash.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = header.map((_, c) => rows.some((row) => typeof row[c] === 'number'))
  const cells = [header, ...rows].map((row) => header.map((_, c) => formatCell(row[c])))
  const widths = header.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)))
  const lines = cells.map((row) =>
    row
      .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function formatCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '–'
  return typeof cell === 'number' ? formatNumber(cell) : cell
}

/** Four significant digits; whole numbers below a million whole; powers of ten only where they shorten. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value)
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3)
  return value.toPrecision(4)
}
