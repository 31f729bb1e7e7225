/**
 * Spearman's rank correlation of two lists, ties sharing their mean rank: 1 for the same order, −1 for the
 * opposite. Null for fewer than two numbers or where one list is all ties.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const x = centredRanks(a)
  const y = centredRanks(b)
  const scale = Math.sqrt(dot(x, x) * dot(y, y))
  return scale === 0 ? null : dot(x, y) / scale
}

function centredRanks(values: readonly number[]): number[] {
  const mean = (values.length - 1) / 2
  return values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return below + (equal - 1) / 2 - mean
  })
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
