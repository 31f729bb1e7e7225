import type Database from 'libsql'

/** Runs writes that stand or fall together. Inside another such run it joins that one, which is how many writes share one sync. */
export type Atomically = <T>(work: () => T) => T

export function atomicallyOn(database: Database.Database): Atomically {
  return (work) => (database.inTransaction ? work() : database.transaction(work).immediate())
}
