import { IMPORT_LIMITS, type ImportLimits } from '../data/import/limits.ts'

/** What one request may cost the API. Times in milliseconds. */
export interface Limits {
  readonly bodyBytes: number
  readonly bodyDepth: number
  /** From the first byte of a request to its last; slow senders are closed after it. */
  readonly requestMs: number
  /** Between two signs of life on a quiet event stream. */
  readonly heartbeatMs: number
  /** Predictions of more numbers than this are computed off the event loop. */
  readonly inlineNumbers: number
  /** Of an uploaded image file. */
  readonly uploadBytes: number
  /** From the first byte of an upload to its last. */
  readonly uploadMs: number
  /** What an import may unpack. */
  readonly imports: ImportLimits
}

/** 4 MB holds explicit weights of eight layers 128 wide; a spec itself is ten levels deep at most. */
export const LIMITS: Limits = {
  bodyBytes: 4 * 1024 * 1024,
  bodyDepth: 32,
  requestMs: 30_000,
  heartbeatMs: 15_000,
  inlineNumbers: 64,
  uploadBytes: 2 ** 31,
  uploadMs: 1_800_000,
  imports: IMPORT_LIMITS,
}
