import type Database from 'libsql'
import type { LedgerEvent } from './run.ts'

/** The kept list of what happened, from which server-sent events are served. */
export interface EventBook {
  /** Keeps what the run is at this moment. Called inside the transaction that changed it. @returns the event's id */
  append(run: string, type: string, at: number): number
  /** The events of a run after an id, oldest first, at most `limit`. */
  after(run: string, id: number, limit: number): LedgerEvent[]
  find(id: number): LedgerEvent | null
}

export function openEvents(database: Database.Database): EventBook {
  const append = database.prepare(
    `INSERT INTO events (run, type, at, data)
     SELECT id, @type, @at, json_object('state', state, 'attempt', attempt, 'progress', json(progress),
       'reason', json(reason)) FROM runs WHERE id = @run`,
  )
  const read = database.prepare('SELECT * FROM events WHERE run = ? AND id > ? ORDER BY id LIMIT ?')
  const one = database.prepare('SELECT * FROM events WHERE id = ?')
  return {
    append: (run, type, at) => Number(append.run({ run, type, at }).lastInsertRowid),
    after: (run, id, limit) => (read.all(run, id, limit) as Row[]).map(toEvent),
    find: (id) => {
      const row = one.get(id) as Row | undefined
      return row === undefined ? null : toEvent(row)
    },
  }
}

interface Row {
  readonly id: number
  readonly run: string
  readonly type: string
  readonly at: number
  readonly data: string
}

function toEvent({ id, run, type, at, data }: Row): LedgerEvent {
  return { id, run, type, at, data: JSON.parse(data) }
}
