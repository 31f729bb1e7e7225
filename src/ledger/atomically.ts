import type Database from 'libsql'

/** Runs writes that stand or fall together. Inside another such run it joins that one, which is how many writes share one sync. */
export type Atomically = <T>(work: () => T) => T

/** What was written is on the disk when this returns. */
export function atomicallyOn(database: Database.Database): Atomically {
  return (work) => (database.inTransaction ? work() : database.transaction(work).immediate())
}

/**
 * The same without waiting for the disk: a power cut may take the last of it back, though never a part of a transaction, and
 * the end of this process takes nothing. For what is made again from the queue, the files and the sweep, as most of a large
 * sweep is.
 */
export function lightlyOn(database: Database.Database): Atomically {
  return (work) => {
    if (database.inTransaction) return work()
    database.exec('PRAGMA synchronous = NORMAL')
    try {
      return database.transaction(work).immediate()
    } finally {
      database.exec('PRAGMA synchronous = FULL')
    }
  }
}
