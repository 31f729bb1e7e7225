import type {
  Boundary,
  Mean,
  Point,
  SweepGroup,
  SweepResult,
  SweepRun,
  SweepTwins,
  SweepView,
  Verdict,
} from '../experiment/sweep-view.ts'
import { formatNumber, formatTable } from './table.ts'

/** Rows of a table before it is cut, and features beside each other. */
const MOST_ROWS = 16
const MOST_FEATURES = 6

/** What a sweep found, for reading: a table of what was made of its runs, a line of counts, the verdict. */
export function sweepTables(sweep: SweepView, result: SweepResult): string {
  const { groups, twins, boundary, verdict } = result
  const tables = [
    ...(boundary ? [boundaryTable(boundary)] : []),
    ...(twins?.length ? [twinsTable(twins)] : []),
    ...(groups?.length ? [groupsTable(groups)] : []),
  ]
  if (tables.length === 0) tables.push(runsTable(result.runs, sweep.total))
  return [...tables, countsOf(sweep), ...(verdict ? [verdictText(verdict)] : [])].join('\n\n')
}

function runsTable(runs: readonly SweepRun[], total: number): string {
  const paths = pathsOf(runs)
  const header = [...paths, 'state', 'learned', 'predicted', 'greedy', 'residual']
  const rows = runs.map(({ point, state, order, greedyIndex, theoryResidual }) => [
    ...cellsOf(point, paths),
    state,
    order?.measured.join(' '),
    order?.predicted.join(' '),
    greedyIndex?.measured,
    theoryResidual,
  ])
  return cut(header, rows, total)
}

function groupsTable(groups: readonly SweepGroup[]): string {
  const paths = pathsOf(groups)
  const features = Math.min(MOST_FEATURES, Math.max(...groups.map((group) => group.criticalTimes.length)))
  const times = Array.from({ length: features }, (_, i) => `t* ${i}`)
  const ofClasses = groups.some(({ accuracy }) => accuracy !== undefined)
  const header = [...paths, 'runs', 'greedy', ...times, ...(ofClasses ? ['accuracy', 'before'] : [])]
  const rows = groups.map(({ point, runs, greedyIndex, criticalTimes, accuracy }) => [
    ...cellsOf(point, paths),
    runs.length,
    meanText(greedyIndex, runs.length),
    ...times.map((_, i) => meanText(criticalTimes[i], runs.length)),
    ...(ofClasses ? [accuracy?.final, accuracy?.initial].map((mean) => meanText(mean, runs.length)) : []),
  ])
  return cut(header, rows)
}

function twinsTable(twins: readonly SweepTwins[]): string {
  const paths = pathsOf(twins)
  const header = [...paths, 'pairs', 'orders differ', 'greedy JEPA−MAE', 'spread JEPA−MAE']
  const rows = twins.map(({ point, pairs, ordersDiffer, greedyIndex, spread }) => [
    ...cellsOf(point, paths),
    pairs.length,
    ordersDiffer === null ? null : `${Math.round(ordersDiffer * 100)} %`,
    meanText(greedyIndex, pairs.length),
    meanText(spread, pairs.length),
  ])
  return cut(header, rows)
}

function boundaryTable({ question, x, y, lines, runs, gridRuns }: Boundary): string {
  const header = [x, `${y} at the boundary`, 'interval', 'theory', 'off by']
  const rows = lines.map((line) => [
    typeof line.x === 'number' ? line.x : clip(line.x),
    line.y,
    line.interval === null ? sidesOf(line) : line.interval.map(formatNumber).join(' … '),
    line.predicted,
    line.y === null || line.predicted === null || line.predicted === 0
      ? null
      : `${((line.y / line.predicted - 1) * 100).toFixed(2)} %`,
  ])
  return `${question}?\n${cut(header, rows)}\n${runs} runs; a grid of this resolution takes ${gridRuns}.`
}

/** Where nothing flips along a line, the answer that it has. */
function sidesOf({ below, above }: Boundary['lines'][number]): string {
  if (below === null || above === null || below !== above) return 'unknown'
  return below ? 'yes everywhere' : 'no everywhere'
}

function countsOf({ counts, total }: SweepView): string {
  const states = Object.entries(counts).map(([state, n]) => `${n} ${state}`)
  return `${total} runs: ${states.join(', ')}`
}

function verdictText({ statement, holds, because, figures }: Verdict): string {
  const mark = holds === null ? '? undecided:' : holds ? '✓' : '✗ does not hold:'
  const rows = figures.map(({ name, measured, wanted }) => [name, measured, wanted])
  const table = rows.length === 0 ? [] : [formatTable(['figure', 'measured', 'wanted'], rows), '']
  return [...table, `${mark} ${statement}`, `  ${because}`].join('\n')
}

function pathsOf(rows: readonly { readonly point: Point }[]): string[] {
  return [...new Set(rows.flatMap(({ point }) => Object.keys(point)))]
}

function cellsOf(point: Point, paths: readonly string[]): (string | number | undefined)[] {
  return paths.map((path) => {
    const value = point[path]
    return typeof value === 'number' || value === undefined ? value : clip(value)
  })
}

const WIDEST_CELL = 28

function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL - 1)}…` : text
}

/** 12.3 ± 0.4, the half width of the 95 % interval; the mean alone where there is one value. `[2]` says that only so many of all have one. */
export function meanText(mean: Mean | undefined, all: number): string | null {
  if (mean === undefined || mean.mean === null) return null
  const some = mean.n < all ? ` [${mean.n}]` : ''
  if (mean.interval === null) return `${formatNumber(mean.mean)}${some}`
  const half = (mean.interval[1] - mean.interval[0]) / 2
  return `${formatNumber(mean.mean)} ± ${formatNumber(Number(half.toPrecision(2)))}${some}`
}

function cut(
  header: readonly string[],
  rows: Parameters<typeof formatTable>[1],
  total = rows.length,
): string {
  const shown = rows.slice(0, MOST_ROWS)
  const more = total - shown.length
  return `${formatTable(header, shown)}${more > 0 ? `\n… and ${more} more` : ''}`
}
