import type { Point, SweepRun } from '../../experiment/sweep-view.ts'

/** Runs told apart by where they lie on the axes. */

/** A point without some of its paths. */
export function pointWithout(point: Point, paths: readonly string[]): Point {
  return Object.fromEntries(Object.entries(point).filter(([path]) => !paths.includes(path)))
}

/** Runs whose points agree in all but some paths, in the order in which the first of each came. */
export function runsByPoint<R extends Pick<SweepRun, 'point'>>(
  runs: Iterable<R>,
  paths: readonly string[],
): Map<string, R[]> {
  const found = new Map<string, R[]>()
  for (const run of runs) {
    const key = JSON.stringify(pointWithout(run.point, paths))
    const members = found.get(key)
    if (members === undefined) found.set(key, [run])
    else members.push(run)
  }
  return found
}

/** Whether there is a number. */
export function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number'
}
