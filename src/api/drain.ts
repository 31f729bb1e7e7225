import type { IncomingMessage } from 'node:http'

/**
 * Lets the rest of a refused body pass by, as far as `most` bytes, before the refusal is sent. Closing at once would
 * reset a connection that the client still writes to, and it would never read why.
 */
export function drain(request: IncomingMessage, most: number): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let passed = 0
    request.on('data', (chunk: Uint8Array) => {
      passed += chunk.length
      if (passed > most) resolve()
    })
    request.once('end', resolve).once('close', resolve).resume()
  })
}
