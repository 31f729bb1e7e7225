/**
 * Colours ordered by a quantity, readable for people who see colours differently: viridis (Smith, van der
 * Walt, Firing, 2015) from dark to green, its pale end left out because it vanishes on white.
 */
const STOPS = ['#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#6cba3c']

export const INK = '#1f2328'
export const FAINT = '#6e7681'
export const GRID = '#e3e6ea'
export const REST = '#b8bfc7' // features beyond those that are told apart

/**
 * One colour for each value, by rank: the largest is dark, equal values share a colour.
 */
export function coloursByRank(values: readonly number[]): string[] {
  const distinct = [...new Set(values)].sort((a, b) => b - a)
  return values.map((value) => {
    const rank = distinct.indexOf(value)
    return shade(distinct.length === 1 ? 0.35 : rank / (distinct.length - 1))
  })
}

/** From dark (0) to pale (1). */
export function shade(share: number): string {
  const at = share * (STOPS.length - 1)
  const k = Math.min(Math.floor(at), STOPS.length - 2)
  const [low, high] = [channels(STOPS[k]!), channels(STOPS[k + 1]!)]
  const mixed = low.map((value, c) => Math.round(value + (at - k) * (high[c]! - value)))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
}
