import type { IncomingMessage } from 'node:http'
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

/** Answers and closes a request whose body is not whole in time. Headers have a time of their own in Node. */
export function holdToTime(request: IncomingMessage, limits: Limits): void {
  const { socket, headers } = request
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return
  const timer = setTimeout(() => {
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    if (!request.complete) answerBrokenRequest(limits)(late, socket)
  }, limits.requestMs)
  const release = () => clearTimeout(timer)
  request.once('end', release).once('close', release)
}

function foreseen(error: NodeJS.ErrnoException, limits: Limits): ExperimentError {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ExperimentError('REQUEST_TIMEOUT', { seconds: limits.requestMs / 1000 })
  }
  const why = error.code === 'HPE_HEADER_OVERFLOW' ? 'its headers are too long' : 'it is not HTTP/1.1'
  return new ExperimentError('REQUEST_MALFORMED', { why })
}
