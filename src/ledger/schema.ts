import type Database from 'libsql'

/**
 * The tables of the ledger, as a list of migrations: entry n takes a ledger of version n to n + 1
 * (`PRAGMA user_version`). A release adds entries at the end and never edits one. Times are milliseconds since
 * 1970 UTC; `asked`, `spec`, `warnings`, `progress`, `reason`, `manifest` and `data` are JSON texts.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
     id TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     attempt INTEGER NOT NULL,
     crashes INTEGER NOT NULL,
     asked TEXT NOT NULL,
     spec TEXT NOT NULL,
     name TEXT,
     warnings TEXT NOT NULL,
     data_digest TEXT,
     cohort TEXT NOT NULL,
     device TEXT,
     engine TEXT,
     progress TEXT NOT NULL,
     reason TEXT,
     manifest TEXT,
     created_at INTEGER NOT NULL,
     queued_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     started_at INTEGER,
     finished_at INTEGER
   ) STRICT;
   CREATE INDEX runs_by_age ON runs (created_at DESC, id DESC);
   CREATE INDEX runs_by_state ON runs (state, created_at DESC, id DESC);
   CREATE INDEX runs_by_cohort ON runs (cohort);
   CREATE TABLE tags (
     tag TEXT NOT NULL,
     run TEXT NOT NULL REFERENCES runs (id),
     PRIMARY KEY (tag, run)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX tags_by_run ON tags (run);
   CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     run TEXT NOT NULL,
     type TEXT NOT NULL,
     at INTEGER NOT NULL,
     data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_by_run ON events (run, id);
   CREATE TABLE results (
     run TEXT PRIMARY KEY,
     attempt INTEGER NOT NULL,
     result TEXT NOT NULL,
     trajectory TEXT NOT NULL
   ) STRICT;`,
]

/**
 * Brings a ledger to this release's version, each step in its own transaction.
 *
 * @throws a plain error where the file was written by a newer release
 */
export function migrate(database: Database.Database): void {
  const version = (database.pragma('user_version') as { user_version: number }[])[0]?.user_version ?? 0
  if (version > MIGRATIONS.length) {
    throw new Error(
      `The ledger ${database.name} has version ${version}, this release reads up to ${MIGRATIONS.length}. Update jepalab, or set another JEPALAB_HOME.`,
    )
  }
  for (const [step, script] of MIGRATIONS.entries()) {
    if (step < version) continue
    database
      .transaction(() => {
        database.exec(script)
        database.exec(`PRAGMA user_version = ${step + 1}`)
      })
      .immediate()
  }
}
