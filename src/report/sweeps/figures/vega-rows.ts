import type { Answered, Layer, Place } from './plot.ts'

/** Rows of data for the layers of a plot: every row says whether it was measured or is theory's. */
export type Row = Readonly<Record<string, string | number>>

/** @param least the lowest value of a log axis, below which an interval cannot reach; null on a linear one */
export function rowsOf(layer: Layer, least: number | null): Row[] {
  const placed = (source: string, series: string, [x, y]: Place): Row => ({ series, source, x, y })
  switch (layer.kind) {
    case 'cells':
      return layer.cells.map((cell) => ({
        x: cell.x[0],
        x2: cell.x[1],
        y: cell.y[0],
        y2: cell.y[1],
        ...answerRow(cell),
      }))
    case 'area':
      return layer.points.map(({ x, from, to }) => ({ x, y: from, y2: to, answer: layer.answer }))
    case 'answers':
      return layer.points.map((point) => ({ x: point.at[0], y: point.at[1], ...answerRow(point) }))
    case 'level':
      return [{ y: layer.y }]
    case 'seen-line':
      return layer.points.map((at) => placed('measured', layer.series, at))
    case 'contour':
    case 'theory-line':
    case 'theory-marks':
      return layer.points.map((at) => placed('theory', layer.series, at))
    case 'seen':
      return layer.points.map(({ at, interval }) => ({
        ...placed('measured', layer.series, at),
        ...(interval != null && { low: Math.max(interval[0], least ?? interval[0]), high: interval[1] }),
      }))
    case 'unlearned':
      return layer.points.map((x) => ({ series: layer.series, source: 'measured', x }))
  }
}

/** Theory's answers, each in the middle of its cell or on its run. */
export function foretoldRows(layer: Layer): Row[] {
  const told = ({ foretold }: Answered, [x, y]: Place): Row[] => {
    if (foretold === undefined) return []
    const { answer, value } = foretold
    return [{ source: 'theory', x, y, answer, ...(value !== undefined && { value }) }]
  }
  if (layer.kind === 'cells') {
    return layer.cells.flatMap((cell) => told(cell, [middleOf(cell.x), middleOf(cell.y)]))
  }
  return layer.kind === 'answers' ? layer.points.flatMap((point) => told(point, point.at)) : []
}

function answerRow({ answer, value }: Answered): Row {
  return { source: 'measured', answer, ...(value !== undefined && { value }) }
}

/** Half-way, in ratio where both ends are above 0 and far apart. */
function middleOf([from, to]: Place): number {
  return from > 0 && to / from > 1.5 ? Math.sqrt(from * to) : (from + to) / 2
}
