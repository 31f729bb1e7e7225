import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** tfjs as installed, and as its source maps name it. */
const LIBRARY =
  /\/(node_modules\/@tensorflow|tfjs-(core|layers|data|converter|node|node-gpu|backend-cpu|backend-webgl)\/src)\//

const OWN = dirname(fileURLToPath(import.meta.url))

/** Why a step cannot be recorded: the operation, the reason and the place in the step, in one sentence. */
export class RecordingRefused extends Error {
  override readonly name = 'RecordingRefused'
  /** The reason alone. */
  readonly reason: string
  /** TensorFlow's name of the operation, '' where it is not about one. */
  readonly operation: string
  /** file:line:column in the step, '' where it is not about a place. */
  readonly place: string

  constructor(reason: string, { operation = '', place = '' } = {}) {
    const at = [operation, place].filter((part) => part !== '').join(' at ')
    super(at === '' ? `${reason}.` : `${at}: ${reason}.`)
    this.reason = reason
    this.operation = operation
    this.place = place
  }
}

/** Marks where the code is; the stack is written out when it is asked for, which few are. */
export function markPlace(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 60 // tfjs puts up to 40 frames between a step and the binding
  const mark = new Error('place')
  Error.stackTraceLimit = limit
  return mark
}

/** The innermost line of a mark that is neither tfjs's nor the recorder's: the step's own. */
export function placeOf(mark: Error): string {
  for (const line of (mark.stack ?? '').split('\n').slice(1)) {
    const place = /\(?((?:file:\/\/)?\/[^()]*:\d+:\d+)\)?$/.exec(line.trim())?.[1]
    if (place === undefined) continue
    const path = place.startsWith('file://') ? place.slice('file://'.length) : place
    if (LIBRARY.test(path) || isOwn(path)) continue
    return path
  }
  return ''
}

/** Source maps give the .ts beside the built .js; both folders end alike. */
function isOwn(path: string): boolean {
  const tail = OWN.slice(OWN.lastIndexOf('/workers/'))
  return path.startsWith(`${OWN}/`) || path.includes(`${tail}/`)
}
