import Database from 'libsql'

/** Which attempt of a run is its last, and the unit of execution that trained it: what leads to its files. */
interface TrainedRun {
  readonly id: string
  readonly attempt: number
  readonly cohort: string
}

/** Where some runs were trained, read over a connection of one's own, for threads. */
export function readRunPlaces(path: string, ids: readonly string[]): TrainedRun[] {
  const database = new Database(path, { readonly: true, timeout: 5000 })
  try {
    const find = database.prepare('SELECT id, attempt, cohort FROM runs WHERE id = ?')
    return ids.flatMap((id) =>
      (find.all(id) as TrainedRun[]).map(({ attempt, cohort }) => ({ id, attempt, cohort })),
    )
  } finally {
    database.close()
  }
}
