import { Readable } from 'node:stream'
import type { Dispatch } from '../dispatch/dispatch.ts'
import type { JobEvent } from '../dispatch/job-event.ts'
import { ENDED } from '../experiment/states.ts'

/** The part of a dispatch that a stream is made from. */
type Source = Pick<Dispatch, 'events' | 'find' | 'subscribe'>

interface Reader {
  readonly id: string
  /** The id of the last event that the reader has. */
  readonly after: number
  readonly heartbeatMs: number
  /** Ends the stream; the reader will come back with Last-Event-ID. */
  readonly closing: AbortSignal
}

/** A reader that falls this far behind (bytes) misses live progress; kept events are never left out. */
const LAG_BYTES = 64 * 1024

/**
 * The events of one run as text/event-stream: those kept since `after`, then those to come, until the run
 * has ended. A comment is sent where nothing happens for `heartbeatMs`.
 *
 * @throws JOB_UNKNOWN
 */
export function streamEvents(dispatch: Source, { id, after, heartbeatMs, closing }: Reader): Readable {
  const kept = dispatch.events(id, after)
  let last = after
  let over = false // nothing may follow the end, also where a slow reader has not come to it yet
  const stream = new Readable({
    read() {},
    destroy(error, done) {
      release()
      done(error)
    },
  })
  const release = () => {
    over = true
    clearInterval(heartbeat)
    unsubscribe()
    closing.removeEventListener('abort', end)
  }
  const end = () => {
    if (over) return
    release()
    stream.push(null)
  }
  const tell = (event: JobEvent) => {
    if (over) return
    if (event.id === null ? stream.readableLength > LAG_BYTES : event.id <= last) return
    if (event.id !== null) last = event.id
    stream.push(formatEvent(event))
  }
  const heartbeat = setInterval(() => stream.push(': still here\n\n'), heartbeatMs)
  const unsubscribe = dispatch.subscribe(id, (event) => {
    tell(event)
    if (ENDED.has(event.data.state)) end()
  })
  closing.addEventListener('abort', end)
  stream.push('retry: 1000\n\n')
  for (const event of kept) tell(event)
  if (closing.aborted || ENDED.has(dispatch.find(id).state)) end()
  return stream
}

function formatEvent({ id, type, ...event }: JobEvent): string {
  const data = JSON.stringify({ id, type, ...event })
  return `${id === null ? '' : `id: ${id}\n`}event: ${type}\ndata: ${data}\n\n`
}
