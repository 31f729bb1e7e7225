import Database from 'libsql'

/** Pages that the log of changes may have before the writer itself moves them into the file: 64 MB. */
export const PATIENT_PAGES = 16_000

/**
 * Moves what the log of changes holds into the ledger's file, over a connection of its own, so that the writer need not:
 * moving 4 MB and waiting for the disk holds its event loop up by tens of ms.
 */
export function checkpoint(path: string): void {
  const database = new Database(path, { timeout: 5000 })
  try {
    database.pragma('wal_checkpoint(PASSIVE)')
  } finally {
    database.close()
  }
}
