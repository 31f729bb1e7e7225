import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for a run of a bench. Its maker removes it at the end; a signal that ends the process does too. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jepalab-bench-'))
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true })
      process.exit(128 + number) // the peers end with their input
    })
  }
  return folder
}
