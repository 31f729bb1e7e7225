import type Database from 'libsql'

/** The results of finished runs, as the JSON texts that the report made. */
export interface ResultShelf {
  /** Keeps the result of an attempt in place of any earlier one. */
  store(run: string, attempt: number, texts: { result: string; trajectory: string }): void
  /** The JSON text of the run's ResultView, or null. */
  result(run: string): string | null
  /** The JSON text of the run's TrajectoryView, or null. */
  trajectory(run: string): string | null
}

export function openResults(database: Database.Database): ResultShelf {
  const store = database.prepare(
    'INSERT OR REPLACE INTO results (run, attempt, result, trajectory) VALUES (?, ?, ?, ?)',
  )
  const result = database.prepare('SELECT result AS text FROM results WHERE run = ?')
  const trajectory = database.prepare('SELECT trajectory AS text FROM results WHERE run = ?')
  const text = (row: unknown) => (row as { text: string } | undefined)?.text ?? null
  return {
    store: (run, attempt, texts) => {
      store.run(run, attempt, texts.result, texts.trajectory)
    },
    result: (run) => text(result.get(run)),
    trajectory: (run) => text(trajectory.get(run)),
  }
}
