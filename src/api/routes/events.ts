import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { JobEventView } from '../../experiment/job-view.ts'
import { ENDED } from '../../experiment/states.ts'
import { streamEvents } from '../event-stream.ts'
import type { RouteParts } from '../parts.ts'
import { alsoMedia, JobId, operation, problems } from '../replies.ts'

const position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Query = Type.Object(
  {
    format: Type.Optional(Type.Union([Type.Literal('stream'), Type.Literal('json')], { default: 'stream' })),
    after: Type.Optional(position),
  },
  { additionalProperties: false },
)
const Headers = Type.Object({ 'last-event-id': Type.Optional(position) })
const EventList = Type.Object({ items: Type.Array(JobEventView) }, { $id: 'EventList' })

/** What happens to a run, as it happens: server-sent events, or the list so far with ?format=json. */
export const eventRoutes =
  ({ dispatch, limits, closing }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const gone = Type.Null({
      description: 'The run has ended and nothing is left to tell: do not reconnect.',
    })
    const response = {
      200: alsoMedia('Events', EventList, 'text/event-stream'),
      204: gone,
      ...problems(400, 404),
    }
    const querystring = Query
    app.get(
      '/v1/jobs/:id/events',
      operation('jobs', 'readEvents', 'What happens to a run, as it happens', {
        params: JobId,
        querystring,
        headers: Headers,
        response,
      }),
      async (request, reply) => {
        const { id } = request.params
        const resumed = request.headers['last-event-id']
        const after = resumed ?? request.query.after ?? 0
        const kept = dispatch.events(id, after)
        if (request.query.format === 'json') return { items: kept }
        // EventSource reconnects whenever a stream ends, unless it is told 204.
        if (resumed !== undefined && kept.length === 0 && ENDED.has(dispatch.find(id).state)) {
          return reply.code(204).send(null)
        }
        const stream = streamEvents(dispatch, { id, after, closing, heartbeatMs: limits.heartbeatMs })
        return reply
          .type('text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          .send(stream)
      },
    )
  }
