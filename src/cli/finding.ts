import { execFileSync } from 'node:child_process'

/** One thing that was looked at. */
export interface Finding {
  readonly name: string
  /** false: something that jepalab needs is missing, and `remedy` says how to get it. */
  readonly ok: boolean
  readonly says: string
  readonly remedy?: string
  /** The same in fields, for scripts. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What a program prints, or null where it is not there or fails. */
export function outputOf(program: string, args: string[]): string | null {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return null // the finding says so
  }
}
