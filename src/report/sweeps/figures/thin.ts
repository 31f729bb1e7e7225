/** At most so many of a list, evenly spread and with both ends. */
export function thinned<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  if (most < 2) return all.slice(0, most)
  return Array.from({ length: most }, (_, k) => all[Math.round((k * (all.length - 1)) / (most - 1))]!)
}
