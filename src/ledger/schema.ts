import type Database from 'libsql'

/** States of runs that are still to end, as SQL that an index and its queries share word for word. */
export const OPEN_STATES =
  "('queued', 'starting', 'running', 'pausing', 'paused', 'recovering', 'cancelling')"

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
  // What was asked lies apart from how it goes: a row is written anew at each change, and specs are its larger part.
  // Sweeps. A run with cohort '' waits to be gathered with others of its shape; `alone` says that somebody asked for it by
  // itself. Runs are counted per sweep and state by triggers, in the transaction that moves them. A sweep's `cursor` is the
  // number of points admitted so far; its analysis may have megabytes and stands last, so that what is before it is read without it. Trajectories are made from a run's files when they are asked for.
  `CREATE TABLE specs (
     run TEXT PRIMARY KEY REFERENCES runs (id),
     asked TEXT NOT NULL,
     spec TEXT NOT NULL,
     warnings TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO specs (run, asked, spec, warnings) SELECT id, asked, spec, warnings FROM runs;
   ALTER TABLE runs DROP COLUMN asked;
   ALTER TABLE runs DROP COLUMN spec;
   ALTER TABLE runs DROP COLUMN warnings;
   ALTER TABLE results DROP COLUMN trajectory;
   ALTER TABLE runs ADD COLUMN alone INTEGER NOT NULL DEFAULT 1;
   ALTER TABLE runs ADD COLUMN shape TEXT;
   ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
   ALTER TABLE runs ADD COLUMN bytes REAL NOT NULL DEFAULT 0;
   CREATE INDEX runs_placed ON runs (cohort) WHERE cohort <> '' AND state IN ${OPEN_STATES};
   CREATE INDEX runs_to_gather ON runs (shape, queued_at) WHERE cohort = '';
   CREATE TABLE sweeps (
     id TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     spec TEXT NOT NULL,
     revision INTEGER NOT NULL DEFAULT 0,
     cursor INTEGER NOT NULL,
     points INTEGER NOT NULL,
     total INTEGER NOT NULL,
     reason TEXT,
     created_at INTEGER NOT NULL,
     started_at INTEGER,
     finished_at INTEGER,
     analysis TEXT
   ) STRICT;
   CREATE INDEX sweeps_by_age ON sweeps (created_at DESC, id DESC);
   CREATE TABLE sweep_tags (
     tag TEXT NOT NULL,
     sweep TEXT NOT NULL REFERENCES sweeps (id),
     PRIMARY KEY (tag, sweep)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE sweep_runs (
     sweep TEXT NOT NULL REFERENCES sweeps (id),
     position INTEGER NOT NULL,
     run TEXT NOT NULL REFERENCES runs (id),
     point TEXT NOT NULL,
     PRIMARY KEY (sweep, position),
     UNIQUE (sweep, run)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX sweep_runs_by_run ON sweep_runs (run, sweep);
   CREATE TABLE sweep_counts (
     sweep TEXT NOT NULL,
     state TEXT NOT NULL,
     n INTEGER NOT NULL,
     PRIMARY KEY (sweep, state)
   ) STRICT, WITHOUT ROWID;
   CREATE TRIGGER sweep_run_added AFTER INSERT ON sweep_runs BEGIN
     INSERT INTO sweep_counts (sweep, state, n) SELECT new.sweep, state, 1 FROM runs WHERE id = new.run
       ON CONFLICT DO UPDATE SET n = n + 1;
     UPDATE sweeps SET total = total + 1 WHERE id = new.sweep;
   END;
   CREATE TRIGGER run_moved AFTER UPDATE OF state ON runs WHEN old.state <> new.state BEGIN
     UPDATE sweep_counts SET n = n - 1
       WHERE state = old.state AND sweep IN (SELECT sweep FROM sweep_runs WHERE run = new.id);
     INSERT INTO sweep_counts (sweep, state, n) SELECT sweep, new.state, 1 FROM sweep_runs WHERE run = new.id
       ON CONFLICT DO UPDATE SET n = n + 1;
   END;`,
  // A sweep that begins anew still asks for the open runs that it had until they are linked again.
  `CREATE TABLE sweep_former_runs (
     sweep TEXT NOT NULL REFERENCES sweeps (id),
     run TEXT NOT NULL REFERENCES runs (id),
     PRIMARY KEY (sweep, run)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX sweep_former_runs_by_run ON sweep_former_runs (run, sweep);`,
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
