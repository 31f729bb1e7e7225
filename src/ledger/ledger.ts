import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import type { JobState } from '../experiment/states.ts'
import { type Atomically, atomicallyOn, lightlyOn } from './atomically.ts'
import { PATIENT_PAGES } from './checkpoint.ts'
import { type EventBook, openEvents } from './events.ts'
import { listRuns, openRunReader, type RunPage, type RunQuery } from './pages.ts'
import { openPosts, type Posts } from './posts.ts'
import { openResults, type ResultShelf } from './results.ts'
import type { Run, Standing } from './run.ts'
import { migrate, OPEN_STATES } from './schema.ts'
import { openSweepBook, type SweepBook } from './sweeps.ts'
import { openTransitions, type Transitions } from './transitions.ts'
import { openWaitingRoom, type WaitingRoom } from './waiting.ts'

/** What was asked and what became of it: the truth, of which the queue is a copy. One process writes it. */
export interface Ledger extends Posts, Transitions {
  /** The file, for readers in other threads. */
  readonly path: string
  readonly events: EventBook
  readonly results: ResultShelf
  readonly sweeps: SweepBook
  readonly waiting: WaitingRoom
  /** Runs writes that stand or fall together, with one sync for all. */
  readonly atomically: Atomically
  /** The same for what can be made again: it does not wait for the disk. */
  readonly lightly: Atomically
  find(id: string): Run | null
  standing(id: string): Standing | null
  /** The queue jobs that have a run still to end. */
  openCohorts(): string[]
  /** The runs of a queue job. */
  cohort(cohort: string): Standing[]
  /** Those of them that are still to end, as a worker gets them; not those that are to be cancelled. */
  toTrain(cohort: string): ToTrain[]
  list(query: RunQuery): RunPage
  counts(): Partial<Record<JobState, number>>
  close(): void
}

/**
 * Opens the ledger at a path and makes it where it is missing. WAL with synchronous FULL: what was committed
 * survives a power cut.
 */
export function openLedger(path: string): Ledger {
  mkdirSync(dirname(path), { recursive: true })
  const database = new Database(path, { timeout: 5000 })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma(`wal_autocheckpoint = ${PATIENT_PAGES}`)
  migrate(database)
  const atomically = atomicallyOn(database)
  const events = openEvents(database)
  const results = openResults(database)
  const reader = openRunReader(database)
  const { post, postAgain, label } = openPosts(database, atomically, events)
  const { transition, progress } = openTransitions(database, atomically, events, results)
  const writing = <A extends unknown[], R>(write: (id: string, ...rest: A) => R) => {
    return (id: string, ...rest: A): R => {
      reader.forget(id)
      return write(id, ...rest)
    }
  }
  const readStanding = database.prepare(`${STANDING} WHERE id = ?`)
  const readCohort = database.prepare(`${STANDING} WHERE cohort = ?`)
  const openCohorts = database.prepare(
    `SELECT DISTINCT cohort FROM runs INDEXED BY runs_placed WHERE cohort <> '' AND state IN ${OPEN_STATES}`,
  )
  const toTrain = database.prepare(
    `SELECT id, state, attempt, crashes, spec, data_digest AS "dataDigest" FROM runs JOIN specs ON specs.run = id
     WHERE cohort = ? AND state IN ('queued', 'starting', 'running', 'recovering')`,
  )
  let open = true
  return {
    path,
    events,
    results,
    sweeps: openSweepBook(database, atomically, { post, postAgain: writing(postAgain) }),
    waiting: openWaitingRoom(database),
    atomically,
    lightly: lightlyOn(database),
    post,
    postAgain: writing(postAgain),
    label: writing(label),
    transition: writing(transition),
    progress: writing(progress),
    find: reader.find,
    standing: (id) => (readStanding.get(id) as Standing | undefined) ?? null,
    openCohorts: () => (openCohorts.all() as { cohort: string }[]).map(({ cohort }) => cohort),
    cohort: (cohort) => readCohort.all(cohort) as Standing[],
    toTrain: (cohort) =>
      (toTrain.all(cohort) as ToTrainRow[]).map((row) => ({ ...row, spec: JSON.parse(row.spec) })),
    list: (query) => listRuns(database, query),
    counts: () => {
      const rows = database.prepare('SELECT state, count(*) AS n FROM runs GROUP BY state').all()
      return Object.fromEntries((rows as { state: JobState; n: number }[]).map((row) => [row.state, row.n]))
    },
    close: () => {
      if (open) database.close()
      open = false
    },
  }
}

const STANDING = 'SELECT id, state, attempt, crashes, cohort, changed_at AS "changedAt" FROM runs'

/** A run as its cohort is made of. */
export type ToTrain = Pick<Run, 'id' | 'state' | 'attempt' | 'crashes' | 'spec' | 'dataDigest'>
type ToTrainRow = Omit<ToTrain, 'spec'> & { readonly spec: string }
