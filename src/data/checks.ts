import type { FieldFault } from '../experiment/failure.ts'

/** Checks that several kinds of data share. */

/** A fault for each named list that is not as long as the first. */
export function lengthFaults(lists: Readonly<Record<string, readonly unknown[] | undefined>>): FieldFault[] {
  const given = Object.entries(lists).flatMap(([name, list]) => (list ? [{ name, length: list.length }] : []))
  const first = given[0]!
  return given
    .filter(({ length }) => length !== first.length)
    .map(({ name, length }) => ({
      pointer: `/data/${name}`,
      message: `${name} has ${length} entries but ${first.name} has ${first.length}; give one of each per feature.`,
    }))
}

/** A fault for each derived number that left the range of doubles: not finite, or below `least`. */
export function rangeFaults(
  name: string,
  values: readonly number[],
  pointer: (index: number) => string,
  positive = false,
): FieldFault[] {
  return values.flatMap((value, i) =>
    Number.isFinite(value) && !(positive && value <= 0)
      ? []
      : [
          {
            pointer: pointer(i),
            message: `Feature ${i} has ${name} = ${value}, which is not ${positive ? 'positive and finite' : 'finite'}; change its numbers.`,
          },
        ],
  )
}
