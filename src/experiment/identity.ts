import { createHash } from 'node:crypto'
import type { ResolvedSpec } from './resolve.ts'
import type { SweepSpec } from './sweep.ts'

/** Raised whenever a change can move numbers, of deep linear models or of nets: a run's id and fingerprint belong to one of these. */
export const NUMERICS = { deepLinear: 2, nets: 3 } as const

function numericsOf({ kind }: { readonly kind: string }): number {
  return kind === 'deep-linear' ? NUMERICS.deepLinear : NUMERICS.nets
}

/**
 * The id of a run: `r` and 26 letters of the lower-case base32 of SHA-256 (130 bits) over the canonical
 * resolved spec, the data's digest and the numerics version. Same experiment, same id.
 *
 * @param dataDigest SHA-256 of the file that the data come from, or null where the spec is all there is
 */
export function runId(spec: ResolvedSpec, dataDigest: string | null): string {
  const digest = createHash('sha256')
    .update(canonicalJson({ spec, dataDigest, numerics: numericsOf(spec.model) }))
    .digest()
  return digestName('r', digest)
}

/** A letter that says what it names and 26 letters of the lower-case base32 of a SHA-256 (130 bits). */
export function digestName(kind: 'r' | 's' | 'c' | 'd', digest: Uint8Array): string {
  return kind + base32(digest).slice(0, 26)
}

/** The id of a sweep: of what is asked, whatever it is called. */
export function sweepId({ name: _, tags: __, ...asked }: SweepSpec): string {
  const digest = createHash('sha256')
    .update(canonicalJson({ sweep: asked, numerics: numericsOf(asked.base.model) }))
    .digest()
  return digestName('s', digest)
}

/** RFC 8785 canonical JSON: keys sorted by UTF-16 code units, numbers as ECMAScript prints them. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} has no JSON form.`)
  return JSON.stringify(value)
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(value >>> bits) & 31]
    }
  }
  return text
}
