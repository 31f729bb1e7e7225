import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DatasetView } from '../experiment/dataset-view.ts'
import { drain } from './drain.ts'
import type { Imported, Waiter } from './image-imports.ts'
import type { Limits } from './limits.ts'
import { problemOf } from './problem.ts'

/** The media type of a body that is the file itself. */
export const UPLOAD_TYPE = 'application/octet-stream'

/** Whether a request's body is a file and not JSON. */
export function isUpload({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase() === UPLOAD_TYPE
}

/**
 * Answers an import: with the set once it is there, or, where the client accepts events, with `progress` as it goes and then
 * `dataset` or `problem`. A client that leaves takes its import along.
 */
export async function replyWithImport(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: { readonly limits: Limits; readonly closing: AbortSignal },
  work: (waiter: Waiter) => Promise<Imported>,
): Promise<FastifyReply | DatasetView> {
  const { limits, closing } = parts
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, closing])
  if (!request.headers.accept?.includes('text/event-stream')) {
    const { dataset, created } = await passing(request, limits, () => work({ tell: () => {}, signal }))
    return reply
      .code(created ? 201 : 200)
      .header('location', `/v1/datasets/${dataset.id}`)
      .send(dataset)
  }
  const events = new PassThrough()
  const send = (type: string, data: unknown) =>
    events.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  let told = ''
  const tell: Waiter['tell'] = (progress) => {
    const step = `${progress.phase} ${Math.floor(progress.fraction * 100)}`
    if (step !== told) send('progress', progress)
    told = step
  }
  passing(request, limits, () => work({ tell, signal }))
    .then(
      (imported) => send('dataset', imported),
      (error) => {
        const problem = problemOf(error, request, limits)
        if (problem.status >= 500 && !signal.aborted) request.log.error({ err: error }, problem.detail)
        send('problem', problem)
      },
    )
    .finally(() => events.end())
  return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(events)
}

/** What a refused upload may still send before its connection is closed. */
const DRAINED = 2 ** 28

/** Does the work; where it is refused, what is still to come of the body passes by first. */
async function passing<T>(
  request: FastifyRequest,
  { uploadBytes }: Limits,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await drain(request.raw, Math.min(uploadBytes, DRAINED))
    throw error
  }
}
