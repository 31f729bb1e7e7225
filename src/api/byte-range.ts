/** The first and last byte of a part. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * One range of RFC 9110 §14 (`bytes=0-99`, `bytes=100-`, `bytes=-100`) over a file of so many bytes.
 *
 * @returns the part, null where the header is none that is served (several ranges, another unit: the whole
 * file is sent, as the RFC allows), or 'unsatisfiable'
 */
export function parseByteRange(header: string, bytes: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim())
  if (!match || (match[1] === '' && match[2] === '')) return null
  const [, from, to] = match
  if (from === '') {
    const length = Math.min(Number(to), bytes)
    return length === 0 ? 'unsatisfiable' : { first: bytes - length, last: bytes - 1 }
  }
  const first = Number(from)
  const last = to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)
  if (to !== '' && Number(to) < first) return null
  return first >= bytes ? 'unsatisfiable' : { first, last }
}

/** Whether a header of entity tags (`"a", W/"b"`, `*`) names the tag. */
export function namesTag(header: string, tag: string): boolean {
  return header.split(',').some((entry) => ['*', tag].includes(entry.trim().replace(/^W\//, '')))
}
