import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import Database from 'libsql'
import { openLedger } from '../../src/ledger/ledger.ts'
import { newRun } from './example-run.ts'

/** The tables of version 1, as the first release made them. */
const FIRST = `
  CREATE TABLE runs (id TEXT PRIMARY KEY, state TEXT NOT NULL, attempt INTEGER NOT NULL, crashes INTEGER NOT NULL, asked TEXT NOT NULL,
    spec TEXT NOT NULL, name TEXT, warnings TEXT NOT NULL, data_digest TEXT, cohort TEXT NOT NULL, device TEXT, engine TEXT,
    progress TEXT NOT NULL, reason TEXT, manifest TEXT, created_at INTEGER NOT NULL, queued_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER) STRICT;
  CREATE INDEX runs_by_age ON runs (created_at DESC, id DESC);
  CREATE INDEX runs_by_state ON runs (state, created_at DESC, id DESC);
  CREATE INDEX runs_by_cohort ON runs (cohort);
  CREATE TABLE tags (tag TEXT NOT NULL, run TEXT NOT NULL REFERENCES runs (id), PRIMARY KEY (tag, run)) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_run ON tags (run);
  CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
  CREATE INDEX events_by_run ON events (run, id);
  CREATE TABLE results (run TEXT PRIMARY KEY, attempt INTEGER NOT NULL, result TEXT NOT NULL, trajectory TEXT NOT NULL) STRICT;
  PRAGMA user_version = 1;`

it('a ledger of the first release is brought up to date with its runs, tags and results', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jepalab-ledger-'))
  const path = join(folder, 'ledger.sqlite')
  const { asked, spec, progress } = newRun('ra')
  const old = new Database(path)
  old.exec(FIRST)
  const insert = `INSERT INTO runs (id, state, attempt, crashes, asked, spec, warnings, cohort, progress, created_at, queued_at, changed_at)
    VALUES (?, 'succeeded', 2, 1, ?, ?, '[]', 'ra-2', ?, 1, 2, 3)`
  old.prepare(insert).run('ra', JSON.stringify(asked), JSON.stringify(spec), JSON.stringify(progress))
  old.exec(
    `INSERT INTO tags VALUES ('paper', 'ra'); INSERT INTO results VALUES ('ra', 2, '{"id":"ra"}', '{}')`,
  )
  old.close()
  const ledger = openLedger(path)
  const run = ledger.find('ra')!
  assert.deepEqual([run.asked, run.spec, run.tags, run.attempt], [asked, spec, ['paper'], 2])
  assert.equal(ledger.results.result('ra'), '{"id":"ra"}')
  ledger.post(newRun('rb'), 4)
  assert.deepEqual(ledger.counts(), { succeeded: 1, queued: 1 })
  ledger.close()
  rmSync(folder, { recursive: true })
})
