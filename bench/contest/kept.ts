import { existsSync, readFileSync } from 'node:fs'
import type { Machine } from './machine.ts'

/** What a row that was not measured now comes from. */
export interface Kept {
  readonly commit: string
  readonly date: string
}

interface Outcome {
  readonly row: { readonly id: string }
  readonly kept?: Kept
}

interface Results {
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly rows: readonly Outcome[]
}

/** Results with those rows of an earlier file of them that were not measured now. @param ids of all rows, in their order */
export function withKept<R extends Results>(measured: R, path: string, ids: readonly string[]): R {
  if (!existsSync(path)) return measured
  const earlier = JSON.parse(readFileSync(path, 'utf8')) as R
  const { commit, date } = earlier.machine
  const rows = ids.flatMap((id) => {
    const [now, before] = [measured, earlier].map((one) => one.rows.find(({ row }) => row.id === id))
    if (now !== undefined || before === undefined) return now ?? []
    return { ...before, kept: before.kept ?? { commit, date } }
  })
  return { ...measured, versions: { ...earlier.versions, ...measured.versions }, rows }
}

/** What the report says of them: a line for each earlier run. */
export function keptLines(rows: readonly Outcome[]): string[] {
  const runs = new Map<string, string[]>()
  for (const { row, kept } of rows) {
    if (kept === undefined) continue
    const run = `${kept.date}, commit ${kept.commit}`
    runs.set(run, [...(runs.get(run) ?? []), row.id])
  }
  return [...runs].map(([run, ids]) => `Measured earlier (${run}): ${ids.join(', ')}.`)
}
