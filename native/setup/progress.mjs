import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const MEGABYTE = 1e6

/**
 * Shows one step of the set-up while it works: on a terminal a line that counts up, elsewhere a line at the
 * start, one every 10 s and one at the end. Goes to stderr: stdout belongs to the command.
 * `measure` tells the bytes done so far, `total` those expected; `tell` says in words how far it is.
 */
export async function withProgress(title, work, { measure, total, tell = () => '' } = {}) {
  const out = process.stderr
  const start = performance.now()
  const say = (mark) => `${mark} ${title}${amount(measure, total)}${tell()}, ${seconds(start)}`
  if (!out.isTTY) out.write(`• ${title}${total ? ` (${megabytes(total)} MB)` : ''} …\n`)
  const timer = out.isTTY
    ? setInterval(() => out.write(`\r\x1b[2K${say('…')}`), 200)
    : setInterval(() => out.write(`${say('…')}\n`), 10_000)
  try {
    const result = await work()
    clearInterval(timer)
    out.write(
      `${out.isTTY ? '\r\x1b[2K' : ''}✓ ${title}${total ? `, ${megabytes(total)} MB` : ''}, ${seconds(start)}\n`,
    )
    return result
  } catch (error) {
    clearInterval(timer)
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}✗ ${title}, ${seconds(start)}\n`)
    throw error
  }
}

/** Bytes of the files under a folder, links not followed; 0 where there is none. */
export function bytesUnder(folder) {
  let sum = 0
  for (const entry of listing(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) sum += bytesUnder(path)
    else sum += sizeOf(path)
  }
  return sum
}

// A file may go away between the listing and the look at it: another program is at work there.
function listing(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

function sizeOf(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function amount(measure, total) {
  if (measure === undefined) return ''
  const done = Math.min(measure(), total ?? Number.POSITIVE_INFINITY)
  return total === undefined ? ` ${megabytes(done)} MB` : ` ${megabytes(done)} of ${megabytes(total)} MB`
}

function megabytes(bytes) {
  return bytes < 10 * MEGABYTE ? (bytes / MEGABYTE).toFixed(1) : Math.round(bytes / MEGABYTE).toString()
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`
}
