import { ExperimentError } from '../experiment/failure.ts'

/** A place in a list of runs, newest first: the run that was shown last. */
export interface Place {
  readonly createdAt: number // milliseconds since 1970 UTC
  readonly id: string
}

/** The place as users carry it; they are not meant to read it. */
export function writeCursor({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url')
}

/** @throws SCHEMA_MISMATCH where the text is no cursor of ours */
export function readCursor(text: string): Place {
  const match = /^(\d{1,15})\.([a-z0-9-]{1,64})$/.exec(Buffer.from(text, 'base64url').toString())
  if (match?.[1] !== undefined && match[2] !== undefined) return { createdAt: Number(match[1]), id: match[2] }
  const message = 'This is no cursor; pass on the nextCursor of the page before.'
  throw new ExperimentError('SCHEMA_MISMATCH', { faults: [{ pointer: '/after', message }] })
}
