import type Database from 'libsql'

/** The results of finished runs, as the JSON texts that the report made. */
export interface ResultShelf {
  /** Keeps the result of an attempt in place of any earlier one. */
  store(run: string, attempt: number, result: string): void
  /** The JSON text of the run's ResultView, or null. */
  result(run: string): string | null
}

export function openResults(database: Database.Database): ResultShelf {
  const store = database.prepare('INSERT OR REPLACE INTO results (run, attempt, result) VALUES (?, ?, ?)')
  const result = database.prepare('SELECT result AS text FROM results WHERE run = ?')
  return {
    store: (run, attempt, text) => void store.run(run, attempt, text),
    result: (run) => (result.get(run) as { text: string } | undefined)?.text ?? null,
  }
}
