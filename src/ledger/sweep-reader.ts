import Database from 'libsql'
import type { SweepRun } from '../experiment/sweep-view.ts'
import { sweepRunsOf } from './sweep-runs.ts'

const SLICE = 1000

/** Every run of a sweep, read over a connection of one's own: for threads that may take their time. The ledger's file is only read. */
export function readSweepRuns(path: string, sweep: string): SweepRun[] {
  const database = new Database(path, { readonly: true, timeout: 5000 })
  try {
    const read = sweepRunsOf(database)
    const runs: SweepRun[] = []
    for (let after = -1; ; ) {
      const rows = read(sweep, after, SLICE)
      for (const { run } of rows) runs.push(run)
      if (rows.length < SLICE) return runs
      after = rows.at(-1)!.position
    }
  } finally {
    database.close()
  }
}
