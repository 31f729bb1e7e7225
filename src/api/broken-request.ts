import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { ExperimentError } from '../experiment/failure.ts'
import type { Limits } from './limits.ts'
import { problemOf } from './problem.ts'

/** Answers what never became a request: a torn or slow one, or none of HTTP. The socket is closed after it. */
export function answerBrokenRequest(limits: Limits) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const problem = problemOf(foreseen(error, limits), undefined, limits)
    const body = JSON.stringify(problem)
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
}

function foreseen(error: NodeJS.ErrnoException, limits: Limits): ExperimentError {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ExperimentError('REQUEST_TIMEOUT', { seconds: limits.requestMs / 1000 })
  }
  const why = error.code === 'HPE_HEADER_OVERFLOW' ? 'its headers are too long' : 'it is not HTTP/1.1'
  return new ExperimentError('REQUEST_MALFORMED', { why })
}
