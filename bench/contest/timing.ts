/** Steps and the seconds they took. */
export interface Lap {
  readonly steps: number
  readonly seconds: number
}

/** Run-steps a second over the repeats. */
export interface Timing {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function timingOf(laps: readonly Lap[], runs: number): Timing {
  const rates = laps.map(({ steps, seconds }) => (steps * runs) / seconds).sort((a, b) => a - b)
  return { median: median(rates), min: rates[0]!, max: rates.at(-1)! }
}

/** @param sorted rising, at least one */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Every contestant once, then every one again, one at a time: a busy moment of the machine meets them all. */
export async function takeTurns<Name extends string>(
  contestants: Readonly<Partial<Record<Name, () => Promise<Lap>>>>,
  repeats: number,
  runs: number,
): Promise<Partial<Record<Name, Timing>>> {
  const names = Object.keys(contestants) as Name[]
  const laps = Object.fromEntries(names.map((name) => [name, [] as Lap[]])) as Record<Name, Lap[]>
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of names) laps[name].push(await contestants[name]!())
  }
  return Object.fromEntries(names.map((name) => [name, timingOf(laps[name], runs)])) as Partial<
    Record<Name, Timing>
  >
}
