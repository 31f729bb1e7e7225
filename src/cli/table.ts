type Cell = string | number | null | undefined

/** A table as text: a header, a rule, one line per row. Numbers stand to the right; null is a dash. */
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

/** Six significant digits without trailing zeros; powers of ten only beyond 10⁷ and below 10⁻³. */
export function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(3)
  return String(Number(value.toPrecision(6)))
}
